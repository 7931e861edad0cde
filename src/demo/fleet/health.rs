//! The health of an instance: metrics that wander, and a circuit breaker that follows them.

use serde_json::{Value, json};

use super::random::Random;

/// Slower than this, in milliseconds, and the circuit breaker opens.
const SLOW_MS: f64 = 250.0;
/// Reports for which an open breaker stays open, and a half-open one half-open.
const OPEN_REPORTS: u32 = 5;
const HALF_OPEN_REPORTS: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaker {
    Closed,
    Open { left: u32 },
    HalfOpen { left: u32 },
}

/// Metrics that wander from report to report.
#[derive(Clone, Debug)]
pub(super) struct Health {
    cpu: f64,
    memory: f64,
    latency_ms: f64,
    breaker: Breaker,
    /// Whether it has bad minutes.
    troubled: bool,
}

impl Health {
    /// A healthy start; a troubled one has bad minutes later.
    pub(super) fn new(troubled: bool) -> Self {
        Self { cpu: 0.35, memory: 0.55, latency_ms: 45.0, breaker: Breaker::Closed, troubled }
    }

    /// `DOWN` while the breaker is open.
    pub(super) fn status(&self) -> &'static str {
        if matches!(self.breaker, Breaker::Open { .. }) { "DOWN" } else { "UP" }
    }

    /// `closed`, `open` or `half-open`.
    pub(super) fn circuit_breaker(&self) -> &'static str {
        match self.breaker {
            Breaker::Closed => "closed",
            Breaker::Open { .. } => "open",
            Breaker::HalfOpen { .. } => "half-open",
        }
    }

    /// Goes on by one report, and tells the metrics.
    pub(super) fn step(&mut self, random: &mut Random) -> Value {
        let mut drift = |size: f64| (random.fraction() - 0.5) * size;
        self.cpu = (self.cpu + drift(0.16)).clamp(0.05, 0.97);
        self.memory = (self.memory + drift(0.04)).clamp(0.30, 0.92);
        let usual = 25.0 + 90.0 * self.cpu * self.cpu;
        self.latency_ms = (0.6 * self.latency_ms + 0.4 * usual + drift(12.0)).max(3.0);
        if self.troubled && self.breaker == Breaker::Closed && random.one_in(12) {
            self.latency_ms += 600.0;
        }
        self.breaker = match self.breaker {
            Breaker::Closed if self.latency_ms > SLOW_MS => Breaker::Open { left: OPEN_REPORTS },
            Breaker::Closed => Breaker::Closed,
            Breaker::Open { left: 0 } => Breaker::HalfOpen { left: HALF_OPEN_REPORTS },
            Breaker::Open { left } => Breaker::Open { left: left - 1 },
            Breaker::HalfOpen { left: 0 } => Breaker::Closed,
            Breaker::HalfOpen { left } => Breaker::HalfOpen { left: left - 1 },
        };
        json!({
            "cpuUsage": hundredths(self.cpu),
            "memoryUsage": hundredths(self.memory),
            "requestLatencyMs": whole(self.latency_ms),
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundreds, never negative")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_troubled_instance_opens_its_breaker_and_recovers() {
        let mut random = Random::new(1, "health");
        let mut health = Health::new(true);
        let mut seen = Vec::new();
        for _ in 0..200 {
            let metrics = health.step(&mut random);
            assert!(metrics["cpuUsage"].as_f64().is_some_and(|cpu| (0.0..1.0).contains(&cpu)));
            if seen.last() != Some(&health.circuit_breaker()) {
                seen.push(health.circuit_breaker());
            }
        }
        assert!(
            seen.windows(4).any(|states| states == ["closed", "open", "half-open", "closed"]),
            "{seen:?}"
        );
    }

    #[test]
    fn a_healthy_instance_stays_up() {
        let mut random = Random::new(1, "health");
        let mut health = Health::new(false);
        for _ in 0..1000 {
            health.step(&mut random);
            assert_eq!(health.status(), "UP");
        }
    }
}
