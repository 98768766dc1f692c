//! Pages of another origin: the headers that a browser demands (WHATWG Fetch, CORS protocol).

use reqwest::Method;
use reqwest::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, ORIGIN,
};

use crate::fault::PathFault;
use crate::probe_client::{LAST_EVENT_ID, ProbeClient, StreamCoding, send};
use crate::report::ExamFinding;
use flightboard_client::BoardUrl;

/// Checks whether pages of this origin may read the stream.
pub(crate) async fn check(client: &ProbeClient, url: &BoardUrl, origin: &str) -> ExamFinding {
    if origin.eq_ignore_ascii_case(&url.origin()) {
        return ExamFinding::good("origin", format!("{origin} is the server's own."));
    }
    let stream = client.stream(&url.at("/events"), StreamCoding::Decoded, None);
    let Ok(Ok(response)) = send(stream.header(ORIGIN, origin)).await else {
        return ExamFinding::wrong(
            "origin",
            format!("A request with the origin {origin} gets no response."),
        );
    };
    if let Some(refusal) = refusal(response.headers(), origin) {
        return refusal;
    }
    match preflight(client, url, origin).await {
        Ok(()) => ExamFinding::good("origin", format!("Pages of {origin} may read.")),
        Err(reason) => {
            let text = format!(
                "An EventSource of {origin} may read, but clients that send Last-Event-ID with fetch may not: {reason}."
            );
            ExamFinding::wrong("origin", text).with_fault(PathFault::CrossOrigin)
        }
    }
}

/// Explains why a browser does not show the response to pages of the origin.
fn refusal(headers: &HeaderMap, origin: &str) -> Option<ExamFinding> {
    let allowed: Vec<_> = headers.get_all(ACCESS_CONTROL_ALLOW_ORIGIN).iter().collect();
    let text = match allowed[..] {
        [] => format!(
            "Pages of {origin} may not read: the response has no Access-Control-Allow-Origin."
        ),
        [one] if one == "*" || one == origin => return None,
        [one] if !one.as_bytes().contains(&b',') => format!(
            "Pages of {origin} may not read: Access-Control-Allow-Origin is {:?}.",
            one.to_str().unwrap_or_default()
        ),
        _ => {
            let text = format!(
                "Pages of {origin} may not read: Access-Control-Allow-Origin has more than one value, which browsers \
                 refuse."
            );
            return Some(ExamFinding::wrong("origin", text).with_fault(PathFault::RepeatedHeader));
        }
    };
    Some(ExamFinding::wrong("origin", text).with_fault(PathFault::CrossOrigin))
}

async fn preflight(client: &ProbeClient, url: &BoardUrl, origin: &str) -> Result<(), String> {
    let request = client.request(Method::OPTIONS, &url.at("/events")).header(ORIGIN, origin);
    let request = request
        .header(ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .header(ACCESS_CONTROL_REQUEST_HEADERS, LAST_EVENT_ID.as_str());
    let response = request.send().await.map_err(|_| "OPTIONS gets no response".to_owned())?;
    if !response.status().is_success() {
        return Err(format!("OPTIONS is answered with {}", response.status()));
    }
    if refusal(response.headers(), origin).is_some() {
        return Err("the response to OPTIONS does not allow the origin".to_owned());
    }
    let allowed = response.headers().get_all(ACCESS_CONTROL_ALLOW_HEADERS);
    let mut allowed = allowed.iter().filter_map(|value| value.to_str().ok());
    let names = |list: &str| {
        let mut names = list.split(',').map(str::trim);
        names.any(|name| name == "*" || name.eq_ignore_ascii_case(LAST_EVENT_ID.as_str()))
    };
    if allowed.any(names) {
        Ok(())
    } else {
        Err("the response to OPTIONS does not allow it".to_owned())
    }
}
