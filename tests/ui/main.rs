//! The window without a screen: roles and labels first, pictures where looks matter.
//!
//! Set `ETCDSCOPE_PICTURES` to a folder to have [`support::Scene::picture`] write what it sees.

mod catalogue;
mod support;
