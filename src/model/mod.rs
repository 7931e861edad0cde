//! What is known. Pure: no egui, no tokio, no etcd-client, and nothing else of ours.

pub mod activity;
pub mod bytes;
pub mod claim;
pub mod dialog;
pub mod document;
pub mod fault;
pub mod history;
pub mod keyspace;
pub mod loadable;
pub mod message;
pub mod mirror;
pub mod profile;
pub mod recognise;
pub mod record;
pub mod rows;
pub mod search;
pub mod session;
pub mod settings;
pub mod status;
pub mod transfer;
pub mod world;
pub mod write;
