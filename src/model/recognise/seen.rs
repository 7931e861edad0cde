//! A key under examination, and how what is found of it is put.

use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::Value as Json;

use super::fields;
use super::path::Path;
use crate::model::bytes::Key;
use crate::model::coordination::{
    ClaimForm, ClaimKind, ClaimMode, Confidence, Finding, Instance, Layout, Role, Told,
};
use crate::model::record::KeyMeta;

/// What is known of a key.
pub(super) struct Seen<'a> {
    pub(super) key: &'a [u8],
    pub(super) meta: &'a KeyMeta,
    pub(super) value: Option<&'a [u8]>,
    pub(super) path: Path<'a>,
    json: OnceCell<Option<Json>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(key: &'a [u8], meta: &'a KeyMeta, value: Option<&'a [u8]>, path: Path<'a>) -> Self {
        Self { key, meta, value, path, json: OnceCell::new() }
    }

    pub(super) fn leased(&self) -> bool {
        self.meta.lease != 0
    }

    /// The value as a JSON object; read at most once.
    pub(super) fn json(&self) -> Option<&Json> {
        self.json.get_or_init(|| fields::object(self.value?)).as_ref()
    }

    /// The value as text, where it is such and short.
    pub(super) fn text(&self) -> Option<&'a str> {
        let value = self.value.filter(|value| value.len() <= 1_024)?;
        std::str::from_utf8(value).ok().map(str::trim)
    }

    /// An instance of which the key alone has been looked at.
    pub(super) fn instance(&self, id: String, layout: Layout, confidence: Confidence) -> Instance {
        Instance { layout, confidence, ..Instance::found(Key::from(self.key), *self.meta, id) }
    }
}

/// An instance of the service in this folder.
pub(super) fn registered(folder: &[u8], name: String, instance: Instance) -> Finding {
    let (layout, confidence) = (instance.layout, instance.confidence);
    let role = Role::Instance { service: folder.into(), name, instance: Arc::new(instance) };
    Finding { role, layout, confidence }
}

/// A claim as it is put together.
pub(super) struct Claimed<'a> {
    pub(super) queue: &'a [u8],
    pub(super) kind: ClaimKind,
    pub(super) form: ClaimForm,
    pub(super) mode: ClaimMode,
    pub(super) owner: Option<String>,
    pub(super) told: Option<Told>,
    pub(super) layout: Layout,
    pub(super) confidence: Confidence,
}

impl<'a> Claimed<'a> {
    /// A claim in a queue.
    pub(super) fn queued(queue: &'a [u8], kind: ClaimKind, layout: Layout) -> Self {
        Self {
            queue,
            kind,
            form: ClaimForm::Queue,
            mode: ClaimMode::Whole,
            owner: None,
            told: None,
            layout,
            confidence: Confidence::Certain,
        }
    }

    /// A claim that is a key of its own.
    pub(super) fn single(key: &'a [u8], kind: ClaimKind, layout: Layout, confidence: Confidence) -> Self {
        Self { form: ClaimForm::SingleKey, confidence, ..Self::queued(key, kind, layout) }
    }

    pub(super) fn finding(self) -> Finding {
        let Self { queue, kind, form, mode, owner, told, layout, confidence } = self;
        let told = told.map(Arc::new);
        let role = Role::Claim { queue: queue.into(), kind, form, mode, owner, told };
        Finding { role, layout, confidence }
    }
}
