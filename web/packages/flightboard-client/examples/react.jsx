import { useBoard } from "flightboard-client/react";
import { createRoot } from "react-dom/client";

function Board({ url }) {
  const { rows, status, follower } = useBoard(url);
  return (
    <>
      <p id="status">{status.status}</p>
      <ul>
        {rows.map(({ flight, date, origin, destination, state }) => (
          <li key={`${flight} ${date}`} data-flight={flight} data-date={date}>
            {[flight, origin ?? destination, state].filter(Boolean).join(" · ")}
          </li>
        ))}
      </ul>
      {status.status === "stopped" ? (
        <button onClick={() => follower.resume()}>Resume</button>
      ) : (
        <button onClick={() => follower?.stop()}>Stop</button>
      )}
    </>
  );
}

const board = new URLSearchParams(location.search).get("board");
createRoot(document.getElementById("root")).render(<Board url={board} />);
