//! The checker itself: what it must catch, and what it must let pass.

use super::{check, tokens, used_paths};

/// The lines of the broken rules.
fn lines(file: &str, source: &str) -> Vec<usize> {
    check(file, source).into_iter().map(|violation| violation.line).collect()
}

fn passes(file: &str, source: &str) {
    let broken: Vec<String> = check(file, source).iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{source}\n{}", broken.join("\n"));
}

fn fails(file: &str, source: &str) {
    assert!(!check(file, source).is_empty(), "not caught in {file}: {source}");
}

#[test]
fn the_model_uses_nothing_of_ours() {
    for room in ["etcd", "storage", "demo", "backend", "action", "ui", "cli", "app"] {
        fails("model/rows.rs", &format!("use crate::{room}::Thing;"));
        fails("model/keyspace/mod.rs", &format!("use super::super::{room}::Thing;"));
    }
    passes("model/rows.rs", "use crate::model::bytes::Key; use super::record::KeyMeta;");
}

#[test]
fn the_model_is_pure() {
    for outside in ["egui", "eframe", "tokio", "etcd_client", "tonic", "rfd", "std::fs"] {
        fails("model/rows.rs", &format!("use {outside}::Thing;"));
        fails("model/rows.rs", &format!("fn f() {{ {outside}::thing(); }}"));
        fails("model/rows.rs", &format!("use {outside};"));
    }
    fails("model/rows.rs", "use std::net::TcpStream;");
    fails("model/rows.rs", "use std::net::{IpAddr, TcpListener};");
    fails("model/rows.rs", "use std::net::*;");
    passes("model/rows.rs", "use std::net::{IpAddr, SocketAddr};");
    passes("model/rows.rs", "use std::collections::BTreeMap; use std::sync::Arc; use serde::Serialize;");
}

#[test]
fn screens_know_neither_the_wire_nor_the_disk() {
    for path in ["crate::etcd", "crate::storage", "crate::backend", "crate::app", "crate::cli", "crate::demo"]
    {
        fails("ui/keys/tree.rs", &format!("use {path}::Thing;"));
    }
    for outside in ["tokio", "etcd_client", "tonic", "rfd", "std::fs"] {
        fails("ui/keys/tree.rs", &format!("use {outside}::thing;"));
    }
    passes("ui/keys/tree.rs", "use crate::model::rows::Row; use crate::action::Action; use egui::Ui;");
    passes("ui/keys/tree.rs", "use crate::ui::theme; use super::KeysState; use super::super::widgets;");
}

#[test]
fn only_etcd_and_the_demonstration_know_the_client() {
    for file in ["backend/tasks.rs", "storage/mod.rs", "cli/export.rs", "app/mod.rs", "action/mod.rs"] {
        fails(file, "use etcd_client::Client;");
    }
    for file in ["etcd/mirror.rs", "demo/fleet.rs"] {
        passes(file, "use etcd_client::Client;");
    }
}

#[test]
fn each_room_has_its_own_doors() {
    fails("etcd/mod.rs", "use crate::storage::Journal;");
    fails("etcd/mod.rs", "use crate::backend::Task;");
    fails("storage/mod.rs", "use crate::etcd::Client;");
    fails("action/mod.rs", "use crate::ui::UiState;");
    fails("backend/mod.rs", "use crate::ui::UiState;");
    fails("backend/mod.rs", "use crate::app::App;");
    fails("demo/mod.rs", "use crate::backend::Task;");
    fails("cli/mod.rs", "use crate::app::App;");
    passes(
        "backend/mod.rs",
        "use crate::{etcd::Client, storage::Journal, demo::Fleet, model::world::World};",
    );
    passes(
        "app/mod.rs",
        "use crate::{backend, cli, ui, action, model}; use rfd::FileDialog; use eframe::App;",
    );
}

#[test]
fn paths_outside_of_use_count() {
    assert_eq!(lines("ui/mod.rs", "fn f() {\n    let a = 1;\n    crate::backend::start(a);\n}"), [3]);
    assert_eq!(lines("ui/mod.rs", "struct A {\n    b: Option<crate::etcd::B>,\n}"), [2]);
    assert_eq!(lines("ui/mod.rs", "fn f(a: &dyn ::tokio::io::AsyncRead) {}"), [1]);
    assert_eq!(lines("ui/mod.rs", "fn f() { for _ in 0..crate::etcd::LIMIT {} }"), [1]);
    fails("ui/mod.rs", "macro_rules! m { () => { $crate::storage::read() } }");
    fails("ui/mod.rs", "#[tokio::test] async fn t() {}");
}

#[test]
fn groups_aliases_and_lines_are_seen() {
    let source = "use crate::{\n    model::bytes::Key,\n    action::{self, Action},\n    etcd::{\n        Client,\n    },\n};";
    assert_eq!(lines("ui/mod.rs", source), [5]);
    assert_eq!(lines("ui/mod.rs", "use std::{\n    sync::Arc,\n    fs::File,\n};"), [3]);
    fails("ui/mod.rs", "use tokio as rt;");
    fails("ui/mod.rs", "use crate::storage as files;");
    fails("ui/mod.rs", "extern crate tokio;");
    fails("ui/mod.rs", "extern crate etcd_client as wire;");
    fails("ui/mod.rs", "use {egui::Ui, tokio::spawn};");
    fails("ui/mod.rs", "pub(crate) use ::tokio::spawn;");
    fails("ui/mod.rs", "use crate::r#etcd::Client;");
}

#[test]
fn the_whole_house_is_not_taken_at_once() {
    fails("ui/mod.rs", "use crate::*;");
    fails("ui/mod.rs", "use crate as house;");
    fails("ui/mod.rs", "use super::*;");
    fails("ui/mod.rs", "use crate::{self as house};");
    passes("ui/keys/mod.rs", "use super::*;");
    passes("ui/mod.rs", "mod tests { use super::*; }");
    fails("ui/mod.rs", "mod tests { use super::super::*; }");
    fails("ui/mod.rs", "mod tests { fn f() {} }\nuse super::*;");
}

#[test]
fn super_is_resolved_from_where_it_stands() {
    fails("ui/keys/tree.rs", "use super::super::super::etcd::Client;");
    passes("ui/keys/tree.rs", "use super::super::etcd::Card;");
    fails("ui/mod.rs", "mod a { mod b { use super::super::super::backend::Task; } }");
    fails("ui/keys/tree.rs", "fn f() { super::super::super::storage::read() }");
    passes("app/tests.rs", "use super::super::ui::UiState;");
}

#[test]
fn comments_and_strings_do_not_count() {
    for harmless in [
        "// use crate::etcd::Client;",
        "/// See [`crate::etcd::Client`].\nstruct A;",
        "//! crate::etcd::Client",
        "/* use tokio::spawn; /* nested: use rfd::A; */ use egui_extras; tokio::a */",
        "const A: &str = \"use crate::etcd::Client; \\\" tokio::spawn\";",
        "const A: &str = r#\"a \" tokio::spawn \"#;",
        "const A: &[u8] = b\"tokio::spawn\"; const B: &[u8] = br##\"\"# tokio::spawn\"##;",
        "const A: char = '\"'; const B: char = '\\''; const C: &str = \"tokio::spawn\";",
        "fn f<'a>(a: &'a str) -> &'a str { a }",
    ] {
        passes("ui/mod.rs", harmless);
        fails("ui/mod.rs", &format!("{harmless}\nuse tokio::spawn;"));
    }
}

#[test]
fn words_that_only_look_alike_pass() {
    passes("ui/mod.rs", "fn f(tokio: u8) -> u8 { let etcd = tokio; etcd }");
    passes("ui/mod.rs", "use crate::model::etcd::tokio::Thing;");
    passes("ui/mod.rs", "fn f(a: A) { a.tokio::<u8>(); <A>::etcd(); A::tokio::b(); }");
    passes("ui/mod.rs", "use self::tokio_like::Thing; use tokio_util::Other;");
    passes("ui/mod.rs", "fn f() -> impl Iterator + use<'_> { tokio }");
}

#[test]
fn doors_around_the_rules_are_shut() {
    fails("ui/mod.rs", "#[path = \"../etcd/client.rs\"]\nmod client;");
    fails("ui/mod.rs", "include!(\"../etcd/client.rs\");");
    passes("ui/mod.rs", "const A: &str = include_str!(\"a.txt\");");
    fails("lib.rs", "pub mod etcd;\npub use etcd::Client;");
    passes("lib.rs", "rust_i18n::i18n!(\"assets/locales\");\npub mod etcd;");
    fails("helpers/mod.rs", "fn f() {}");
    fails("helpers.rs", "fn f() {}");
}

#[test]
fn long_files_are_named() {
    passes("ui/mod.rs", &"\n".repeat(600));
    fails("ui/mod.rs", &"\n".repeat(601));
    passes("main.rs", &"\n".repeat(79));
    fails("main.rs", &"\n".repeat(80));
}

#[test]
fn a_violation_names_file_line_and_rule() {
    let broken = check("ui/keys/mod.rs", "\n\nuse crate::etcd::Client;\n");
    let told = broken.first().map(ToString::to_string).unwrap_or_default();
    let expected = "src/ui/keys/mod.rs:3: `ui` may not use `crate::etcd::Client`; it may use model, action";
    assert_eq!(told, expected);
}

#[test]
fn use_trees_are_unfolded() {
    let module = ["ui".to_owned()];
    let found: Vec<String> =
        used_paths(&tokens("use crate::{a::{self, B as C}, d::*}; use self::e; f::<u8>(g::H)"), &module)
            .into_iter()
            .map(|path| path.names.join("::"))
            .collect();
    assert_eq!(found, ["crate::a", "crate::a::B", "crate::d::*", "crate::ui::e", "f", "g::H"]);
}
