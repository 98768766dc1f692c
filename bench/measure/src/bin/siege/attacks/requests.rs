//! Single requests that must be refused.

use anyhow::{Result, ensure};

use super::{Finding, Target, bulk_path};
use crate::client::{ATTACKER, SiegeAnswer, request, send};

const ROW: &str =
    "{\"event\":\"flightAddition\",\"data\":{\"flight\":\"EVIL\",\"origin\":\"Rome\"}}\n";

/// Requests as a page of another site sends them: none may change anything.
pub(super) async fn foreign_pages(target: Target) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (label, host, headers) in [
        ("foreign host", "evil.example", ""),
        ("foreign origin", "localhost", "Origin: https://evil.example\r\n"),
        ("cross-site", "localhost", "Sec-Fetch-Site: cross-site\r\n"),
        ("null origin", "localhost", "Origin: null\r\n"),
        ("forwarded host", "localhost", "X-Forwarded-Host: evil.example\r\n"),
    ] {
        let post = String::from_utf8(request("POST", &bulk_path(), headers, ROW))?;
        let post = post.replacen("Host: localhost", &format!("Host: {host}"), 1);
        let answer = send(target.address, ATTACKER, post.as_bytes()).await?;
        let is_refused = [401, 403, 421].contains(&answer.status);
        findings.push(Finding::new(is_refused, format!("{label}: status {}", answer.status)));
    }
    let rows = send(target.address, ATTACKER, &request("GET", &bulk_path(), "", "")).await?;
    findings.push(Finding::new(!rows.start.contains("EVIL"), "nothing was published"));
    let page =
        send(target.address, ATTACKER, &request("GET", "/", "Accept: text/html\r\n", "")).await?;
    for header in ["content-security-policy", "x-content-type-options", "referrer-policy"] {
        let is_there = page.head.contains(header) && rows.head.contains("x-content-type-options");
        findings.push(Finding::new(is_there, format!("header {header} on the page")));
    }
    Ok(findings)
}

/// Requests of odd shapes: each is answered with an error of the client, or the connection ends.
pub(super) async fn odd_requests(target: Target) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let path = bulk_path();
    let deep = format!("{}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let bidi = ROW.replace("Rome", "Ro\u{202e}me");
    let both = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n";
    let shapes = [
        ("length and chunked", request("POST", &path, both, "")),
        ("two lengths", request("POST", &path, "Content-Length: 1\r\nContent-Length: 2\r\n", "")),
        ("negative length", request("POST", &path, "Content-Length: -1\r\n", "")),
        ("odd coding", request("POST", &path, "Transfer-Encoding: xchunked\r\n", "")),
        ("space in a header", request("POST", &path, "Content-Length : 4\r\n", "")),
        ("two hosts", request("GET", "/boards", "Host: other\r\n", "")),
        ("huge head", request("GET", "/boards", &format!("X: {}\r\n", "a".repeat(200_000)), "")),
        ("many headers", request("GET", "/boards", &"A: b\r\n".repeat(5_000), "")),
        ("up a folder", request("GET", "/assets/../../../etc/passwd", "", "")),
        ("up, encoded", request("GET", "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "", "")),
        ("zero byte", request("GET", "/boards/%00/flights", "", "")),
        ("not UTF-8", request("GET", "/boards/%ff/flights", "", "")),
        ("unknown method", request("BREW", "/boards", "", "")),
        ("trace", request("TRACE", "/boards", "", "")),
    ];
    for (label, bytes) in shapes {
        let status = send(target.address, ATTACKER, &bytes).await.map_or(0, |answer| answer.status);
        findings.push(Finding::new(
            status == 0 || (400..500).contains(&status) || status == 501,
            format!(
                "{label}: {}",
                if status == 0 { "closed".to_owned() } else { status.to_string() }
            ),
        ));
    }
    for (label, body) in [("deep JSON", deep.as_str()), ("bidirectional control", bidi.as_str())] {
        let SiegeAnswer { start, status, .. } =
            send(target.address, ATTACKER, &request("POST", &path, "", body)).await?;
        ensure!(status < 500, "{label}: status {status}");
        let is_refused = status >= 400 || start.contains("\"status\":4");
        findings.push(Finding::new(is_refused, format!("{label}: {}", first_chars(&start))));
    }
    let ready = send(target.address, ATTACKER, &request("GET", "/readyz", "", "")).await?;
    findings.push(Finding::new(ready.status == 200, "ready afterwards"));
    Ok(findings)
}

fn first_chars(text: &str) -> String {
    text.trim().chars().take(100).collect()
}
