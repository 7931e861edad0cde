//! The rules of the house (see ARCHITECTURE.md), checked over the source text: which room may use
//! which other room and which crate, and how long a file may be. Comments and strings don't count.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// A top-level module and the other top-level modules that it may use.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
}

const ROOMS: &[Room] = &[
    Room { name: "model", may_use: &[] },
    Room { name: "etcd", may_use: &["model"] },
    Room { name: "storage", may_use: &["model"] },
    Room { name: "action", may_use: &["model"] },
    Room { name: "demo", may_use: &["etcd", "model"] },
    Room { name: "backend", may_use: &["etcd", "storage", "demo", "model"] },
    Room { name: "ui", may_use: &["model", "action"] },
    Room { name: "cli", may_use: &["model", "etcd", "storage", "demo", "backend", "action"] },
    Room { name: "app", may_use: &["model", "etcd", "storage", "demo", "backend", "action", "ui", "cli"] },
];

/// Outside paths that only some rooms may use: the beginning of the path, the rooms, and why.
const OUTSIDE: &[(&str, &[&str], &str)] = &[
    ("etcd_client", ETCD, WIRE),
    ("tonic", ETCD, WIRE),
    ("prost", &["etcd", "demo", "model"], "records in a layout's own wire format are knowledge"),
    ("tower", ETCD, WIRE),
    ("egui", WINDOW, "only the screens and the window know egui"),
    ("egui_extras", WINDOW, "only the screens and the window know egui"),
    ("eframe", WINDOW, "only the screens and the window know egui"),
    ("syntect", &["ui"], "highlighting is drawing"),
    ("rfd", &["app"], "file dialogs belong to the window"),
    (
        "tokio",
        &["etcd", "backend", "demo", "cli", "storage"],
        "tokio runs on the backend's thread; knowledge and screens never wait",
    ),
    ("keyring", &["storage"], "secrets are kept and read in one place"),
    ("rusqlite", &["storage"], "the embedded database is a matter of the disk"),
    ("zstd", &["storage"], "what is compressed lies on the disk"),
    ("jsonschema", &["model"], "what a schema says is knowledge"),
    ("imbl", &["model"], "pictures that share memory are knowledge"),
    ("petgraph", &["model"], "who waits for whom is knowledge"),
    ("egui_plot", &["ui"], "only the screens plot"),
    ("notify_rust", &["backend"], "notifications go out where commands are executed"),
    ("std::fs", DISK, "knowledge and screens don't touch the disk"),
    ("std::process", DISK, "knowledge and screens start no processes"),
    // Addresses are knowledge; connections are not.
    ("std::net::TcpStream", DISK, NETWORK),
    ("std::net::TcpListener", DISK, NETWORK),
    ("std::net::UdpSocket", DISK, NETWORK),
    ("std::net::ToSocketAddrs", DISK, NETWORK),
    ("std::net::*", DISK, NETWORK),
];
const ETCD: &[&str] = &["etcd", "demo"];
const WINDOW: &[&str] = &["ui", "app"];
const DISK: &[&str] = &["etcd", "storage", "demo", "backend", "cli", "app"];
const NETWORK: &str = "knowledge and screens don't touch the network";
const WIRE: &str = "only the etcd room (and the demonstration) knows the wire";

const LONGEST_FILE: usize = 600;
const LONGEST_MAIN: usize = 79;

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    file: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.rule)
    }
}

// ---------------------------------------------------------------------------------------------
// Source text to tokens

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Sep,
    Mark(char),
}

/// Splits source text into words and marks with their line numbers; comments, strings, characters
/// and lifetimes are left out.
fn tokens(source: &str) -> Vec<(Token, usize)> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, line: 1, out: Vec::new() };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    lexer.out
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    out: Vec<(Token, usize)>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn advance(&mut self, count: usize) {
        for _ in 0..count {
            if self.peek(0) == '\n' {
                self.line += 1;
            }
            self.at += 1;
        }
    }

    fn at_end(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while !self.at_end() && self.peek(0) != '\n' {
                    self.advance(1);
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            (':', ':') => {
                self.out.push((Token::Sep, self.line));
                self.advance(2);
            }
            (c, _) if is_word(c) => self.word(),
            (c, _) => {
                if !c.is_whitespace() {
                    self.out.push((Token::Mark(c), self.line));
                }
                self.advance(1);
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while !self.at_end() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.advance(2);
                }
                ('*', '/') => {
                    depth -= 1;
                    self.advance(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.advance(1),
            }
        }
    }

    fn string(&mut self) {
        self.advance(1);
        while !self.at_end() {
            match self.peek(0) {
                '\\' => self.advance(2),
                '"' => return self.advance(1),
                _ => self.advance(1),
            }
        }
    }

    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.peek(0) == '#' {
            hashes += 1;
            self.advance(1);
        }
        self.advance(1);
        while !self.at_end() {
            if self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#') {
                return self.advance(1 + hashes);
            }
            self.advance(1);
        }
    }

    /// A character literal, or a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.advance(3);
            while !self.at_end() && self.peek(0) != '\'' {
                self.advance(1);
            }
            self.advance(1);
        } else if self.peek(2) == '\'' {
            self.advance(3);
        } else {
            self.advance(1);
            while is_word(self.peek(0)) {
                self.advance(1);
            }
        }
    }

    fn word(&mut self) {
        let line = self.line;
        let mut word = String::new();
        while is_word(self.peek(0)) {
            word.push(self.peek(0));
            self.advance(1);
        }
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        match self.peek(0) {
            '"' if raw => self.raw_string(),
            '"' if matches!(word.as_str(), "b" | "c") => self.string(),
            '\'' if word == "b" => self.quote(),
            '#' if raw && matches!(self.peek(1), '"' | '#') => self.raw_string(),
            // A raw identifier: `r#type`.
            '#' if word == "r" && is_word(self.peek(1)) => self.advance(1),
            _ => self.out.push((Token::Word(word), line)),
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

// ---------------------------------------------------------------------------------------------
// Tokens to paths

/// A path used in the source, every group of a `use` unfolded.
#[derive(Debug, PartialEq, Eq)]
struct UsedPath {
    names: Vec<String>,
    line: usize,
}

/// All paths used in a file of the module `module`, those with `crate`, `self` and `super` resolved
/// to begin with `crate`.
fn used_paths(tokens: &[(Token, usize)], module: &[String]) -> Vec<UsedPath> {
    let mut scan = Scan { tokens, at: 0, found: Vec::new() };
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut depth = 0_usize;
    let mut naming = false;
    while scan.at < tokens.len() {
        match &tokens[scan.at].0 {
            Token::Mark('{') => depth += 1,
            Token::Mark('}') => {
                depth = depth.saturating_sub(1);
                inline.retain(|(_, opened)| *opened <= depth);
            }
            Token::Mark(';') => naming = false,
            Token::Word(word) if word == "mod" => {
                if let (Some(name), Some(Token::Mark('{'))) = (scan.word(1), scan.token(2)) {
                    inline.push((name.to_owned(), depth + 1));
                }
            }
            Token::Word(word) if word == "use" || word == "extern" => {
                naming = !matches!(scan.token(1), Some(Token::Mark('<'))) || naming;
            }
            Token::Word(_) if scan.starts_path(naming) => {
                let before = scan.found.len();
                scan.path(&[]);
                let here: Vec<&str> =
                    module.iter().map(String::as_str).chain(inline.iter().map(|m| m.0.as_str())).collect();
                for path in &mut scan.found[before..] {
                    path.names = resolve(&path.names, &here);
                }
                continue;
            }
            _ => {}
        }
        scan.at += 1;
    }
    scan.found
}

struct Scan<'a> {
    tokens: &'a [(Token, usize)],
    at: usize,
    found: Vec<UsedPath>,
}

impl Scan<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn before(&self, back: usize) -> Option<&Token> {
        self.at.checked_sub(back).and_then(|at| self.tokens.get(at)).map(|(token, _)| token)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// Whether the word here is the first of a path. `naming`: within `use` or `extern crate`,
    /// where a single word is a path too.
    fn starts_path(&self, naming: bool) -> bool {
        let follows = match self.before(1) {
            // `a::b`, `<T>::b`; but `use ::b` and `(::b` begin a path.
            Some(Token::Sep) => match self.before(2) {
                Some(Token::Word(word)) => !is_keyword(word),
                Some(Token::Mark(mark)) => *mark == '>',
                _ => false,
            },
            // A field or method; `..` is a range.
            Some(Token::Mark('.')) => self.before(2) != Some(&Token::Mark('.')),
            _ => false,
        };
        let word = self.word(0).unwrap_or_default();
        let named = naming && (word != "crate" || self.word(1) == Some("as"));
        !follows && !is_keyword(word) && (named || self.token(1) == Some(&Token::Sep))
    }

    /// Reads one path with its groups, from the word here; `prefix` stands before it.
    fn path(&mut self, prefix: &[String]) {
        let line = self.tokens[self.at].1;
        let mut names = prefix.to_vec();
        loop {
            match self.token(0) {
                Some(Token::Word(word)) => {
                    let word = word.clone();
                    self.at += 1;
                    if word != "self" || names.is_empty() {
                        names.push(word);
                    }
                }
                Some(Token::Mark('*')) => {
                    self.at += 1;
                    names.push("*".to_owned());
                    break;
                }
                Some(Token::Mark('{')) => return self.group(&names),
                _ => break,
            }
            let goes_on = matches!(
                (self.token(0), self.token(1)),
                (Some(Token::Sep), Some(Token::Word(_) | Token::Mark('*' | '{')))
            );
            if !goes_on {
                break;
            }
            self.at += 1;
        }
        if self.word(0) == Some("as") && self.word(1).is_some() {
            self.at += 2;
        }
        self.found.push(UsedPath { names, line });
    }

    fn group(&mut self, prefix: &[String]) {
        self.at += 1;
        loop {
            match self.token(0) {
                Some(Token::Word(_) | Token::Mark('*' | '{')) => self.path(prefix),
                Some(Token::Mark('}')) => {
                    self.at += 1;
                    return;
                }
                Some(_) => self.at += 1,
                None => return,
            }
        }
    }
}

fn is_keyword(word: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "as", "const", "dyn", "else", "extern", "for", "if", "impl", "in", "let", "match", "mut", "pub",
        "ref", "return", "use", "where", "while",
    ];
    KEYWORDS.contains(&word)
}

/// Turns `self::…` and `super::…` into `crate::…`, given the module they stand in.
fn resolve(names: &[String], module: &[&str]) -> Vec<String> {
    let (mut base, skip) = match names.first().map(String::as_str) {
        Some("self") => (module.to_vec(), 1),
        Some("super") => (module.to_vec(), 0),
        _ => return names.to_vec(),
    };
    let mut rest = &names[skip..];
    while rest.first().is_some_and(|name| name == "super") {
        base.pop();
        rest = &rest[1..];
    }
    let rest = rest.iter().map(String::as_str);
    ["crate"].into_iter().chain(base).chain(rest).map(str::to_owned).collect()
}

// ---------------------------------------------------------------------------------------------
// The rules

/// Checks one file of `src/`; `file` is its path from there, with `/`.
fn check(file: &str, source: &str) -> Vec<Violation> {
    let mut broken = Vec::new();
    let mut report = |line: usize, rule: String| {
        broken.push(Violation { file: format!("src/{file}"), line, rule });
    };
    let longest = if file == "main.rs" { LONGEST_MAIN } else { LONGEST_FILE };
    let lines = source.lines().count();
    if lines > longest {
        report(lines, format!("{lines} lines; at most {longest} (one purpose each)"));
    }
    let tokens = tokens(source);
    for window in tokens.windows(3) {
        let words = [&window[0].0, &window[1].0, &window[2].0];
        let line = window[0].1;
        match words {
            [Token::Mark('#'), Token::Mark('['), Token::Word(word)] if word == "path" => {
                report(line, "#[path] hides which room a file belongs to".to_owned());
            }
            [Token::Word(word), Token::Mark('!'), _] if word == "include" => {
                report(line, "include! hides which room a piece of code belongs to".to_owned());
            }
            _ => {}
        }
    }
    let module = module_of(file);
    let paths = used_paths(&tokens, &module);
    if file == "lib.rs" {
        let reexports = tokens.iter().filter(|(token, _)| *token == Token::Word("use".to_owned()));
        for (_, line) in reexports {
            report(*line, "lib.rs maps the rooms; a `use` here would be a door around the rules".to_owned());
        }
        return broken;
    }
    let Some(room_name) = module.first() else {
        return broken; // main.rs may use everything.
    };
    let Some(room) = ROOMS.iter().find(|room| room.name == room_name) else {
        report(1, format!("`{room_name}` is no known room: give it its rules in tests/architecture.rs"));
        return broken;
    };
    for path in paths {
        if let Some(rule) = broken_rule(room, &path.names) {
            report(path.line, rule);
        }
    }
    broken
}

/// The rule that this path breaks in this room, if any.
fn broken_rule(room: &Room, names: &[String]) -> Option<String> {
    let shown = names.join("::");
    let first = names.first()?.as_str();
    if first == "crate" || first == "etcdscope" {
        let target = match names.get(1).map(String::as_str) {
            None | Some("*") => return Some(format!("`{shown}` takes the whole house: name the room")),
            Some(target) => target,
        };
        let is_room = ROOMS.iter().any(|room| room.name == target);
        let allowed = target == room.name || room.may_use.contains(&target);
        return (is_room && !allowed).then(|| {
            let doors =
                if room.may_use.is_empty() { "nothing of ours".into() } else { room.may_use.join(", ") };
            format!("`{}` may not use `{shown}`; it may use {doors}", room.name)
        });
    }
    OUTSIDE.iter().find_map(|(outside, rooms, why)| {
        let begins = outside.split("::").eq(names.iter().take(outside.split("::").count()));
        let allowed = rooms.contains(&room.name);
        (begins && !allowed).then(|| format!("`{}` may not use `{shown}`: {why}", room.name))
    })
}

/// The module that a file holds: `ui/keys/mod.rs` and `ui/keys.rs` are `ui`, `keys`.
fn module_of(file: &str) -> Vec<String> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let mut names: Vec<String> = path.split('/').map(str::to_owned).collect();
    let last_is_its_folder = match names.last().map(String::as_str) {
        Some("mod") => true,
        Some("lib" | "main") => names.len() == 1,
        _ => false,
    };
    if last_is_its_folder {
        names.pop();
    }
    names
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path, to: &Path) -> String {
    let path = path.strip_prefix(to).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn assert_none(broken: &[Violation]) {
    let list: Vec<String> = broken.iter().map(Violation::to_string).collect();
    assert!(list.is_empty(), "{} broken rule(s):\n{}", list.len(), list.join("\n"));
}

#[test]
fn every_room_keeps_to_its_doors() {
    let source = repository().join("src");
    let files = rust_files(&source);
    assert!(files.len() > ROOMS.len(), "the source was not found in {}", source.display());
    let mut broken = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        broken.extend(check(&relative(&file, &source), &text));
    }
    assert_none(&broken);
}

#[test]
fn every_known_room_is_there() {
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    for room in rooms {
        assert!(repository().join("src").join(room).join("mod.rs").is_file(), "src/{room} is missing");
    }
}

#[test]
fn files_beside_the_source_are_short_too() {
    let mut broken = Vec::new();
    for folder in ["tests", "examples", "benches", "xtask"] {
        for file in rust_files(&repository().join(folder)) {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            if lines > LONGEST_FILE {
                let rule = format!("{lines} lines; at most {LONGEST_FILE} (one purpose each)");
                broken.push(Violation { file: relative(&file, repository()), line: lines, rule });
            }
        }
    }
    assert_none(&broken);
}

#[path = "architecture/checker.rs"]
mod checker;
