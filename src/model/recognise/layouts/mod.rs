//! The layouts of known systems, each by itself: what one of their keys is, from the key and, where it is
//! loaded, the value.

pub(super) mod apisix;
pub(super) mod coredns;
pub(super) mod dubbo;
pub(super) mod grpc;
pub(super) mod kubernetes;
pub(super) mod micro;
pub(super) mod patroni;
pub(super) mod pd;
pub(super) mod traefik;
pub(super) mod vitess;

#[cfg(test)]
mod tests;
