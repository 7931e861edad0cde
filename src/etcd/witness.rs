//! Who is told of every write: before it is sent, and how it ended.

use std::pin::Pin;

use crate::model::audit::{AuditIntent, AuditOutcome};

/// What a [`Witness`] does; it may wait for the disk.
pub type Witnessing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The number under which a witness knows writes that it was told of.
#[derive(Debug, Default)]
pub struct Testimony(pub Vec<(String, AuditIntent)>);

/// Is told of writes.
pub trait Witness: Sync {
    /// These keys are about to be written: nothing is sent before this is over.
    fn asked(&self, intents: Vec<AuditIntent>) -> Witnessing<'_, Testimony>;

    /// This is how each of them ended, in their order.
    fn ended(&self, testimony: Testimony, outcomes: Vec<AuditOutcome>) -> Witnessing<'_, ()>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoWitness;

impl Witness for NoWitness {
    fn asked(&self, _intents: Vec<AuditIntent>) -> Witnessing<'_, Testimony> {
        Box::pin(std::future::ready(Testimony::default()))
    }

    fn ended(&self, _testimony: Testimony, _outcomes: Vec<AuditOutcome>) -> Witnessing<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
