//! The window without a screen: roles and labels first, pictures where looks matter.
//!
//! Set `ETCDSCOPE_PICTURES` to a folder to have [`support::Scene::picture`] write what it sees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should fail with a word"
)]

mod alarms;
mod audit;
mod catalogue;
mod cluster;
mod compare;
mod connect;
mod connect_rules;
mod dialogs;
mod editor;
mod editor_versions;
mod elections;
mod endings;
mod environments;
mod history;
mod journal;
mod keys;
mod leases;
mod list_box;
mod locks;
mod nasty_screens;
mod notify;
mod overview;
mod palette;
mod proof;
mod restore;
mod schema;
mod services;
mod shell;
mod support;
mod travel;

#[path = "../nasty/mod.rs"]
mod nasty;
