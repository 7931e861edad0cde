//! Loopback ports that stay free until the process they are meant for has bound them.
//!
//! A port that was found free may be taken before it is used, by two sorts of others. Outgoing
//! connections get theirs from the system's range for them, so ours lie outside of it. Other clusters
//! of ours, in this process or in another, see that a port is kept: whoever means to use a TCP port
//! holds the UDP port of the same number, which etcd does not need and which is let go with the
//! process, however it ends.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;

use crate::model::fault::{Fault, FaultKind};

/// Below are the ports of well-known services, those of etcd among them.
const LOWEST: u16 = 10_000;
/// Fewer than these to choose from, and two that choose at the same time meet too often.
const ENOUGH: u16 = 1_000;
/// Where outgoing connections get their ports: as Linux ships.
#[cfg(target_os = "linux")]
const OUTGOING: RangeInclusive<u16> = 32_768..=60_999;
/// Where outgoing connections get their ports: as IANA recommends, and Windows and macOS ship.
#[cfg(not(target_os = "linux"))]
const OUTGOING: RangeInclusive<u16> = 49_152..=65_535;

/// Free loopback ports, kept from other clusters of ours as long as this lives.
#[derive(Debug, Default)]
pub struct Ports {
    numbers: Vec<u16>,
    kept: Vec<UdpSocket>,
}

impl Ports {
    /// So many different free ports.
    ///
    /// # Errors
    /// [`FaultKind::Other`] where the system has none left.
    pub fn reserve(count: usize) -> Result<Self, Fault> {
        let mut ports = Self::default();
        if let Some(range) = beside(&outgoing()) {
            // From somewhere in the midst: two that choose at the same time seldom try the same.
            let start = RandomState::new().hash_one(count) as usize % range.len();
            for port in range.clone().skip(start).chain(range.take(start)) {
                if ports.numbers.len() == count {
                    break;
                }
                ports.keep(port);
            }
        }
        ports.keep_any(count)?;
        Ok(ports)
    }

    /// The ports, in no order.
    #[must_use]
    pub fn numbers(&self) -> &[u16] {
        &self.numbers
    }

    /// Keeps this port, if nobody has it.
    fn keep(&mut self, port: u16) {
        if let Ok(kept) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))
            && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        {
            self.numbers.push(port);
            self.kept.push(kept);
        }
    }

    /// Fills up with whatever the system gives: there is nothing outside its range.
    fn keep_any(&mut self, count: usize) -> Result<(), Fault> {
        let fault =
            |error: std::io::Error| Fault::new(FaultKind::Other, format!("finding free ports: {error}"));
        // Held until the last is known, so that none is given twice.
        let mut held = Vec::new();
        while self.numbers.len() < count {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(fault)?;
            let port = listener.local_addr().map_err(fault)?.port();
            if let Ok(kept) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) {
                self.numbers.push(port);
                self.kept.push(kept);
            }
            held.push(listener);
        }
        Ok(())
    }
}

/// The ports outside of those that outgoing connections get; `None`: too few are left.
fn beside(outgoing: &RangeInclusive<u16>) -> Option<RangeInclusive<u16>> {
    let (first, last) = (*outgoing.start(), *outgoing.end());
    if first >= LOWEST + ENOUGH {
        Some(LOWEST..=first - 1)
    } else if last <= u16::MAX - ENOUGH {
        Some(last + 1..=u16::MAX)
    } else {
        None
    }
}

/// The ports that outgoing connections get.
fn outgoing() -> RangeInclusive<u16> {
    let told = if cfg!(target_os = "linux") {
        std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()
    } else {
        None
    };
    told.as_deref().and_then(range_of).unwrap_or(OUTGOING)
}

/// The first and the last, as the kernel tells them: two numbers with white space between.
fn range_of(told: &str) -> Option<RangeInclusive<u16>> {
    let mut numbers = told.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(first)), Some(Ok(last))) if first <= last => Some(first..=last),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_lie_outside_of_the_range_of_outgoing_connections() {
        assert_eq!(range_of("32768\t60999\n"), Some(32_768..=60_999));
        assert_eq!(range_of("none"), None);
        assert_eq!(beside(&(32_768..=60_999)), Some(10_000..=32_767));
        assert_eq!(beside(&(1_024..=60_999)), Some(61_000..=65_535));
        assert_eq!(beside(&(1_024..=65_535)), None);
        let (outgoing, ports) = (outgoing(), Ports::reserve(8).expect("ports"));
        if beside(&outgoing).is_some() {
            assert!(ports.numbers().iter().all(|port| !outgoing.contains(port)), "{ports:?}");
        }
    }

    #[test]
    fn a_port_is_kept_once_and_let_go_at_the_end() {
        let mut first = Ports::reserve(4).expect("ports");
        let mut different = first.numbers().to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 4);
        let taken = first.numbers()[0];
        let mut second = Ports::default();
        second.keep(taken);
        assert!(second.numbers().is_empty(), "kept twice");
        first = Ports::default();
        second.keep(taken);
        assert_eq!(second.numbers(), [taken], "{first:?}");
    }

    #[test]
    fn a_port_at_which_somebody_listens_is_not_kept() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let mut ports = Ports::default();
        ports.keep(listener.local_addr().expect("its address").port());
        assert!(ports.numbers().is_empty());
        ports.keep_any(3).expect("ports");
        assert_eq!(ports.numbers().len(), 3);
    }
}
