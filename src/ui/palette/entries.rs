//! What the palette offers, the best first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use rust_i18n::t;

use super::icon::command_icon;
use super::keys::FoundKeys;
use crate::action::{Action, UserCommand};
use crate::model::key_text::display_short;
use crate::model::message::ConnectRequest;
use crate::model::search::SearchQuery;
use crate::model::session::Screen;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme::icons;
use crate::ui::widgets::{count_text, shortcut_text};

/// One line of the palette.
pub(super) struct Entry {
    /// Its icon.
    pub icon: &'static str,
    /// Its name.
    pub name: String,
    /// Characters of the name that match what was typed.
    pub marks: Vec<u32>,
    /// What it is or does.
    pub hint: String,
    /// Its shortcut.
    pub shortcut: Option<String>,
    /// Whether the name is a key.
    pub mono: bool,
    /// Whether it can be run now.
    pub runnable: bool,
    /// What running it does.
    pub actions: Vec<Action>,
}

/// Matches names with what was typed.
struct Judge {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Judge {
    fn new(query: &str) -> Self {
        Self {
            pattern: Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        }
    }

    /// How well the text matches, and where; `None`: not at all.
    fn judge(&mut self, text: &str) -> Option<(u32, Vec<u32>)> {
        let mut marks = Vec::new();
        let text = Utf32Str::new(text, &mut self.buffer);
        let score = self.pattern.indices(text, &mut self.matcher, &mut marks)?;
        marks.sort_unstable();
        marks.dedup();
        Some((score, marks))
    }
}

/// What fits to what was typed: commands and connections by how well they match, keys behind them,
/// or before them when a path is typed.
pub(super) fn entries(world: &World, query: &str, found: &FoundKeys) -> Vec<Entry> {
    let query = query.trim();
    let mut judge = Judge::new(query);
    let mut scored: Vec<(u32, Entry)> = Vec::new();
    for command in UserCommand::ALL.into_iter().filter(|command| *command != UserCommand::Palette) {
        scored.extend(self::command(world, command, query, &mut judge));
    }
    scored.extend(connections(world, &mut judge));
    // Stable, so that commands of one rank stay in their own order.
    scored.sort_by_key(|(score, entry)| (!entry.runnable, std::cmp::Reverse(*score)));
    let commands = scored.into_iter().map(|(_, entry)| entry);
    let keys = keys(world, query, found);
    if query.contains('/') {
        keys.into_iter().chain(commands).collect()
    } else {
        commands.chain(keys).collect()
    }
}

fn command(world: &World, command: UserCommand, query: &str, judge: &mut Judge) -> Option<(u32, Entry)> {
    let id = command.id();
    let (name, hint) = (format!("command.{id}"), format!("command.{id}_hint"));
    let (name, hint) = (t!(&name).into_owned(), t!(&hint).into_owned());
    let runnable = command.is_available(world);
    if query.is_empty() && !runnable {
        return None;
    }
    // By its name, else by its English name, else by what it does.
    let by_id = |judge: &mut Judge| judge.judge(&id.replace('_', " ")).map(|(score, _)| (score, Vec::new()));
    let by_hint = |judge: &mut Judge| judge.judge(&hint).map(|(score, _)| (score / 3, Vec::new()));
    let (score, marks) = judge
        .judge(&name)
        .map(|(score, marks)| (score * 2, marks))
        .or_else(|| by_id(judge))
        .or_else(|| by_hint(judge))?;
    let entry = Entry {
        icon: command_icon(command),
        name,
        marks,
        hint,
        shortcut: shortcut_text(command),
        mono: false,
        runnable,
        actions: vec![Action::Run(command)],
    };
    Some((score, entry))
}

fn connections(world: &World, judge: &mut Judge) -> Vec<(u32, Entry)> {
    let entry = |name: &str, marks, icon, hint: String, action| Entry {
        icon,
        name: name.to_owned(),
        marks,
        hint,
        shortcut: None,
        mono: false,
        runnable: true,
        actions: vec![action],
    };
    let mut scored = Vec::new();
    for session in world.sessions.iter().filter(|session| world.active != Some(session.id)) {
        let name = &session.profile.name;
        if let Some((score, marks)) = judge.judge(name) {
            let action = Action::ShowSession(Some(session.id));
            let hint = t!("shell.palette_connection").into_owned();
            scored.push((score * 2, entry(name, marks, icons::PLUGS_CONNECTED, hint, action)));
        }
    }
    for profile in &world.profiles {
        if world.sessions.iter().any(|session| session.profile.name == profile.name) {
            continue;
        }
        if let Some((score, marks)) = judge.judge(&profile.name) {
            let request = ConnectRequest { profile: profile.clone(), password: None };
            let action = Action::Connect(Box::new(request));
            let hint = t!("shell.palette_profile").into_owned();
            scored.push((score, entry(&profile.name, marks, icons::PLUG, hint, action)));
        }
    }
    scored
}

fn keys(world: &World, query: &str, found: &FoundKeys) -> Vec<Entry> {
    if query.is_empty() || world.active_session().is_none() {
        return Vec::new();
    }
    let mut entries: Vec<Entry> = found
        .keys()
        .iter()
        .map(|key| Entry {
            icon: icons::KEY,
            name: display_short(key, 200).into_owned(),
            marks: Vec::new(),
            hint: String::new(),
            shortcut: None,
            mono: true,
            runnable: true,
            actions: vec![
                Action::ShowScreen(Screen::Keys),
                Action::Reveal(TreeItem::key(key.clone())),
                Action::OpenKey(key.clone()),
            ],
        })
        .collect();
    let hint = match found.unsearched() {
        0 => String::new(),
        left => t!("shell.palette_unsearched", n = count_text(left)).into_owned(),
    };
    let text = query.to_owned();
    entries.push(Entry {
        icon: icons::MAGNIFYING_GLASS,
        name: t!("shell.palette_search", text = query).into_owned(),
        marks: Vec::new(),
        hint,
        shortcut: None,
        mono: false,
        runnable: true,
        actions: vec![
            Action::ShowScreen(Screen::Keys),
            Action::Search(SearchQuery { text, ..SearchQuery::default() }),
        ],
    });
    entries
}
