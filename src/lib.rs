//! etcdscope: a desktop console for etcd v3.
//!
//! Rooms and doors (checked by `tests/architecture.rs`): [`model`] imports nothing of ours;
//! [`etcd`] and [`storage`] see only [`model`]; [`backend`] sees [`etcd`], [`storage`], [`demo`]
//! and [`model`]; [`action`] sees [`model`]; [`ui`] sees [`model`] and [`action`]; [`app`] sees
//! all. Only [`etcd`] and [`demo`] know etcd-client. Words on screen come from the catalogues in
//! `assets/locales`.

rust_i18n::i18n!("assets/locales", fallback = "en");

pub mod action;
pub mod app;
pub mod backend;
pub mod cli;
pub mod demo;
pub mod etcd;
pub mod model;
pub mod storage;
pub mod ui;
