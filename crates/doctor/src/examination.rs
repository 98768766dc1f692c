//! The order of the checks.

use crate::canary;
use crate::cross_origin;
use crate::fault::PathFault;
use crate::opening::{self, OpenedBoard};
use crate::options::DoctorOptions;
use crate::probe_client::{ProbeClient, ProbeClientError};
use crate::report::{ExamFinding, ExamReport, FindingLevel};
use crate::resuming;
use crate::watch::{clock_difference, watch};
use flightboard_client::BoardUrl;

/// Opens the stream, then makes all other checks at the same time.
///
/// # Errors
/// The client cannot be set up. A server that does not answer is a finding.
pub async fn examine(options: &DoctorOptions) -> Result<ExamReport, ProbeClientError> {
    let client = ProbeClient::new(options)?;
    let mut report = ExamReport { stream: options.url.to_string(), ..ExamReport::default() };
    let urls = [Some(&options.url), options.publish_to.as_ref()];
    let is_plain = |url: &&BoardUrl| !url.is_https() && !url.is_loopback();
    if options.token.is_some() && urls.into_iter().flatten().any(|url| is_plain(&url)) {
        let text = "The token goes over the network without encryption: use https.";
        report.findings.push(ExamFinding::note("token", text));
    }
    if let Some(opened) = opening::open(&client, &options.url, &mut report).await {
        check_all(&client, options, opened, &mut report).await;
    }
    Ok(report)
}

async fn check_all(
    client: &ProbeClient,
    options: &DoctorOptions,
    opened: OpenedBoard,
    report: &mut ExamReport,
) {
    let OpenedBoard { url, mut stream, first_id, is_compressed } = opened;
    let origin = async {
        match &options.origin {
            Some(origin) => Some(cross_origin::check(client, &url, origin).await),
            None => None,
        }
    };
    let (record, (delivery, quiet_record), (resuming, heartbeat), origin) = tokio::join!(
        watch(&mut stream, options.watch),
        canary::check(client, options, &url, is_compressed),
        resuming::check(client, &url, &first_id),
        origin,
    );
    let record = match quiet_record {
        Some(quiet_record) => record.worse(quiet_record),
        None => record,
    };
    let mut heartbeats = record.heartbeats.clone();
    heartbeats.extend(heartbeat);
    report.findings.extend(delivery);
    report.findings.extend(record.findings());
    report.findings.extend(resuming);
    report.findings.extend(origin);
    // Late heartbeats would make the server's clock seem late.
    if !holds_back(report) {
        report.findings.extend(clock_difference(&heartbeats));
    }
}

fn holds_back(report: &ExamReport) -> bool {
    let faults = report.findings.iter().filter(|one| one.level == FindingLevel::Wrong);
    faults
        .filter_map(|one| one.fault)
        .any(|f| matches!(f, PathFault::Buffering | PathFault::Compression))
}
