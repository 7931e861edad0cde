//! Files: profiles, settings, drafts, secrets in the keyring, export files.

pub mod export;
