//! What etcd itself counts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a member counts, line by line.
async fn page(endpoint: &str) -> String {
    let host = endpoint.split("://").last().unwrap();
    let mut stream = TcpStream::connect(host).await.expect("the metrics");
    // The older protocol knows no chunks, which would break lines.
    let request = format!("GET /metrics HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the metrics");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the metrics");
    answer
}

/// How many calls of this method have been begun at a member, by anyone.
pub async fn calls(endpoint: &str, method: &str) -> u64 {
    let wanted = format!("grpc_method=\"{method}\"");
    page(endpoint)
        .await
        .lines()
        .filter(|line| line.starts_with("grpc_server_started_total{") && line.contains(&wanted))
        .filter_map(|line| line.rsplit_once(' ')?.1.trim().parse::<u64>().ok())
        .sum()
}

/// Watchers that a member has.
pub async fn watchers(endpoint: &str) -> usize {
    let page = page(endpoint).await;
    let count = page.lines().find_map(|line| line.strip_prefix("etcd_debugging_mvcc_watcher_total "));
    count.and_then(|text| text.trim().parse().ok()).expect("the number of watchers")
}

/// How many logins have been tried at these members.
pub async fn logins(endpoints: &[String]) -> u64 {
    let mut sum = 0;
    for endpoint in endpoints {
        sum += calls(endpoint, "Authenticate").await;
    }
    sum
}
