//! The README's tables, made of the baseline.

use serde_json::Value;

use crate::{sections, targets};

const BEGIN: &str = "<!-- made by `cargo xtask bench --baseline`: from here -->";
const END: &str = "<!-- to here -->";

/// The README with these results in the place for them; `None`: it has no such place.
pub fn with_tables(readme: &str, document: &Value) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}{END}{after}", markdown(document)))
}

/// The tables with date, machine and versions.
fn markdown(document: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let machine = &document["machine"];
    let measured = || document["parts"].as_object().into_iter().flatten().map(|(_, part)| &part["measured"]);
    let all = |name: &str| {
        let mut values: Vec<String> = measured().map(|measured| text(&measured[name])).collect();
        values.sort();
        values.dedup();
        values.join(" and ")
    };
    let graphics = if machine["graphics_card"] == true { "a graphics card" } else { "no graphics card" };
    let mut told = format!(
        "Measured on {} by `cargo xtask bench`: {}, {} cores, {} GiB, {graphics}, {}; {}; etcd on loopback, \
         sharing these cores.\n\n",
        all("date"),
        text(&machine["processor"]),
        machine["cores"],
        machine["memory_gib"].as_f64().unwrap_or(f64::NAN),
        text(&machine["system"]),
        all("toolchain"),
    );
    // What the model costs alone is for those who change it: it stays in the baseline.
    let mut tables = vec![targets::table(document)];
    tables.extend(sections::beside_references(document));
    for table in tables {
        told.push_str(&table.markdown());
        told.push('\n');
    }
    told
}
