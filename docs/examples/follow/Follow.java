import com.google.gson.*;
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

/**
 * Prints the rows of a board after each change, as one line of JSON; needs Gson:
 * java -cp /usr/share/java/gson.jar Follow.java http://127.0.0.1:5000/boards/main
 */
public class Follow {
    private final Map<List<JsonElement>, JsonObject> rows = new LinkedHashMap<>();
    private final PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private String lastId = "";
    private long retryMillis = 3_000;

    public static void main(String[] args) throws Exception {
        Follow follow = new Follow();
        while (true) {
            try {
                follow.readStream(URI.create(args[0] + "/events").toURL());
            } catch (IOException error) {
                System.err.println("not live: " + error);
            } catch (NullPointerException | JsonParseException error) {
                follow.lastId = ""; // An event is lost: ask for all rows.
            }
            Thread.sleep(follow.retryMillis);
        }
    }

    private void readStream(URL url) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setReadTimeout(35_000); // The server sends an event at least every 15 seconds.
        connection.setRequestProperty("Last-Event-ID", lastId);
        if (connection.getResponseCode() == 204) System.exit(0); // The board is closed.
        InputStreamReader text = new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8);
        try (BufferedReader lines = new BufferedReader(text)) {
            Map<String, String> event = new HashMap<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] field = line.split(": ?", 2);
                if (field.length == 2) event.put(field[0], field[1]);
                if (!line.isEmpty()) continue;
                apply(event.get("event"), JsonParser.parseString(event.get("data")));
                lastId = event.getOrDefault("id", lastId);
                retryMillis = Long.parseLong(event.getOrDefault("retry", "" + retryMillis));
                if (!event.get("event").equals("heartbeat")) output.println(rows.values());
                event.clear();
            }
        }
    }

    private void apply(String name, JsonElement data) {
        switch (name) {
            case "timetable" -> {
                rows.clear();
                data.getAsJsonObject().getAsJsonArray("flights").forEach(this::add);
            }
            case "flightAddition" -> add(data);
            case "flightStateUpdate" -> patch(data);
            case "flightRemoval" -> rows.remove(keyOf(data));
            case "boardUpdate" -> {
                JsonElement changes = data.getAsJsonObject().get("flights");
                if (changes != null) changes.getAsJsonArray().forEach(this::patch);
            }
            case "closedConnection" -> System.exit(0);
            default -> {}
        }
    }

    private void add(JsonElement row) {
        rows.put(keyOf(row), row.getAsJsonObject());
    }

    private void patch(JsonElement change) {
        JsonObject row = rows.get(keyOf(change));
        change.getAsJsonObject().entrySet().forEach(field -> {
            if (field.getValue().isJsonNull()) row.remove(field.getKey());
            else row.add(field.getKey(), field.getValue());
        });
    }

    private static List<JsonElement> keyOf(JsonElement row) {
        JsonObject fields = row.getAsJsonObject();
        return Arrays.asList(fields.get("flight"), fields.get("date"), fields.get("leg"));
    }
}
