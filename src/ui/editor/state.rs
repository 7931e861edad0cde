//! What the editor keeps of each open key between frames: the text or bytes being edited, and
//! everything that is expensive to find out about them, remembered until they change.

use std::collections::HashMap;
use std::sync::Arc;

use super::conflict::ConflictState;
use super::history::HistoryState;
use super::text::EditText;
use crate::action::UserCommand;
use crate::model::bytes::{Key, Value};
use crate::model::document::Document;
use crate::model::format::{self, ValueFormat};
use crate::model::hex;
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::validate::{self, ValueIssue};
use crate::model::world::World;
use crate::ui::widgets::code::{CodeView, Highlighter};
use crate::ui::widgets::diff_bytes::BytesDiffView;
use crate::ui::widgets::diff_view::DiffView;
use crate::ui::widgets::hex_view::{HexCursor, HexEdit};
use crate::ui::widgets::syntax::Syntax;

/// Larger texts are checked once typing has paused for a moment, in seconds.
const CHECK_PAUSE_SECS: f64 = 0.25;
/// Up to this size a text is checked at every keystroke.
const CHECK_AT_ONCE_BYTES: usize = 32 * 1024;
/// Edits of bytes that can be taken back.
const MAX_UNDO: usize = 200;
/// Bytes that the undo steps of one key may take.
const MAX_UNDO_BYTES: usize = 16 * 1024 * 1024;

/// What the editor keeps between frames.
pub struct EditorState {
    documents: HashMap<(SessionId, Key), DocumentState>,
    /// Whether diffs are shown side by side; chosen once for all.
    pub side_by_side: bool,
    requests: Vec<UserCommand>,
    /// The tab that was shown last, so that a new one is scrolled to.
    pub shown_tab: Option<Key>,
}

impl Default for EditorState {
    fn default() -> Self {
        Self { documents: HashMap::new(), side_by_side: true, requests: Vec::new(), shown_tab: None }
    }
}

impl EditorState {
    /// Takes the commands over that only the editor can carry out. Called in every frame: what was
    /// not carried out in the last one (another screen was shown) is forgotten.
    pub fn take_requests(&mut self, requests: &mut Vec<UserCommand>) {
        self.requests.clear();
        for command in [UserCommand::Format, UserCommand::Save] {
            if crate::ui::UiState::take_request(requests, command) {
                self.requests.push(command);
            }
        }
    }

    /// Whether a command waits; it waits no longer then.
    pub fn requested(&mut self, command: UserCommand) -> bool {
        crate::ui::UiState::take_request(&mut self.requests, command)
    }

    /// Forgets the keys that are no longer open.
    pub fn forget_closed(&mut self, world: &World) {
        self.documents
            .retain(|(id, key), _| world.session(*id).is_some_and(|session| session.document(key).is_some()));
    }

    /// What is kept of this document, brought up to date.
    pub fn document(&mut self, session: &Session, document: &Document) -> &mut DocumentState {
        let state = self.documents.entry((session.id, document.key.clone())).or_default();
        state.take_over(document);
        state
    }
}

/// What the field edits.
pub enum Body {
    /// A text.
    Text(EditText),
    /// Bytes.
    Bytes(EditBytes),
}

/// Bytes being edited, with the way back.
#[derive(Default)]
pub struct EditBytes {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where the cursor is.
    pub cursor: HexCursor,
    undo: Vec<(Vec<u8>, usize)>,
    redo: Vec<(Vec<u8>, usize)>,
    /// The last step changed this byte: typing its second digit is the same step.
    typing_at: Option<usize>,
}

impl EditBytes {
    fn new(value: &[u8]) -> Self {
        Self { bytes: value.to_vec(), ..Self::default() }
    }

    /// Whether an edit can be taken back.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether an edit that was taken back can be done again.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Does an edit; whether anything changed.
    pub fn apply(&mut self, edit: HexEdit) -> bool {
        match edit {
            HexEdit::Undo => return self.step_back(),
            HexEdit::Redo => return self.step_forth(),
            HexEdit::Overwrite { at, byte } => {
                if self.typing_at != Some(at) {
                    self.remember();
                }
                self.typing_at = Some(at);
                hex::overwrite(&mut self.bytes, at, &[byte]);
            }
            HexEdit::Insert { at, bytes } => {
                self.remember();
                hex::insert(&mut self.bytes, at, &bytes);
            }
            HexEdit::Remove { at } => {
                self.remember();
                hex::delete(&mut self.bytes, at..at + 1);
            }
        }
        true
    }

    fn remember(&mut self) {
        self.typing_at = None;
        self.redo.clear();
        self.undo.push((self.bytes.clone(), self.cursor.at));
        let most = (MAX_UNDO_BYTES / self.bytes.len().max(1)).clamp(1, MAX_UNDO);
        if self.undo.len() > most {
            self.undo.drain(..self.undo.len() - most);
        }
    }

    fn step_back(&mut self) -> bool {
        let Some((bytes, at)) = self.undo.pop() else { return false };
        self.redo.push((std::mem::replace(&mut self.bytes, bytes), self.cursor.at));
        self.cursor.move_to(at);
        self.typing_at = None;
        true
    }

    fn step_forth(&mut self) -> bool {
        let Some((bytes, at)) = self.redo.pop() else { return false };
        self.undo.push((std::mem::replace(&mut self.bytes, bytes), self.cursor.at));
        self.cursor.move_to(at);
        self.typing_at = None;
        true
    }
}

/// What was found out about the syntax of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It has not been looked at since the last keystroke.
    NotYet,
    /// There is nothing to check: plain text and bytes.
    Nothing,
    /// It is valid.
    Valid,
    /// The first mistake.
    Invalid(ValueIssue),
}

/// What the editor keeps of one open key.
pub struct DocumentState {
    /// Draft generation and base revision that were taken over last.
    taken: Option<(u64, Option<i64>)>,
    /// What is edited.
    pub body: Body,
    version: u64,
    detected: ValueFormat,
    chosen: Option<ValueFormat>,
    checked: Option<(u64, ValueFormat, Checked)>,
    edited_at: f64,
    /// It was just opened: the field's undo steps of an earlier time are to be forgotten.
    pub fresh: bool,
    /// Colours of the text.
    pub highlighter: Highlighter,
    /// The view of a text too large to be edited.
    pub large: Option<CodeView>,
    /// Where the text cursor is: the character, and its line and column (from 1).
    pub cursor: CursorPlace,
    /// The last diff.
    pub diff: DiffCache,
    /// The operator wants this invalid value saved nevertheless.
    pub override_of: Option<Value>,
    /// Whether the diff page compares with the base instead of what the key is now.
    pub against_base: bool,
    /// The conflict page.
    pub conflict: Option<ConflictState>,
    /// The history page.
    pub history: HistoryState,
}

/// Where the text cursor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CursorPlace {
    /// Version of the text that it was counted in.
    pub version: u64,
    /// The character.
    pub character: usize,
    /// Line and column, from 1.
    pub place: Option<(usize, usize)>,
}

impl Default for DocumentState {
    fn default() -> Self {
        Self {
            taken: None,
            body: Body::Text(EditText::default()),
            version: 0,
            detected: ValueFormat::Plain,
            chosen: None,
            checked: None,
            edited_at: 0.0,
            fresh: true,
            highlighter: Highlighter::default(),
            large: None,
            cursor: CursorPlace::default(),
            diff: DiffCache::default(),
            override_of: None,
            against_base: false,
            conflict: None,
            history: HistoryState::default(),
        }
    }
}

impl DocumentState {
    /// Takes the document's value over where anything but this editor changed it.
    fn take_over(&mut self, document: &Document) {
        if document.base.value().is_none() && document.draft.is_none() {
            return;
        }
        let revision = document.base_record().map(|record| record.meta.mod_revision);
        let is_new = match self.taken {
            None => true,
            Some((generation, _)) if generation != document.draft_generation => true,
            Some((_, before)) => document.draft.is_none() && before != revision,
        };
        self.taken = Some((document.draft_generation, revision));
        if !is_new {
            return;
        }
        let value = document.current_value();
        if self.version > 0 && *self.value() == *value {
            return;
        }
        self.load(&document.key, &value);
    }

    fn load(&mut self, key: &[u8], value: &Value) {
        self.version += 1;
        self.detected = format::detect(key, value);
        self.body = Self::body_of(value, self.format(), self.version);
        self.checked = None;
        self.conflict = None;
    }

    fn body_of(value: &Value, format: ValueFormat, version: u64) -> Body {
        match std::str::from_utf8(value) {
            Ok(text) if format.is_text() => Body::Text(EditText::new(text, version)),
            _ => Body::Bytes(EditBytes::new(value)),
        }
    }

    /// The exact bytes that are edited.
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.body {
            Body::Text(text) => text.value(),
            Body::Bytes(bytes) => Value::from(bytes.bytes.as_slice()),
        }
    }

    /// The format that the text is coloured, checked and laid out by.
    #[must_use]
    pub fn format(&self) -> ValueFormat {
        if self.detected.is_text() { self.chosen.unwrap_or(self.detected) } else { ValueFormat::Binary }
    }

    /// The format that key and content speak for.
    #[must_use]
    pub fn detected(&self) -> ValueFormat {
        self.detected
    }

    /// The format that the operator chose, if any.
    #[must_use]
    pub fn chosen(&self) -> Option<ValueFormat> {
        self.chosen
    }

    /// Chooses the format; `None`: by key and content.
    pub fn choose(&mut self, chosen: Option<ValueFormat>) {
        let value = self.value();
        let was_text = self.format().is_text();
        self.chosen = chosen;
        if was_text != self.format().is_text() {
            self.version += 1;
            self.body = Self::body_of(&value, self.format(), self.version);
        }
        self.checked = None;
    }

    /// To be called after the operator edited the body at this time.
    pub fn edited(&mut self, key: &[u8], time: f64) {
        self.version += 1;
        self.edited_at = time;
        // Content is looked at again while it is small.
        let value = match &self.body {
            Body::Text(text) => text.as_str().as_bytes(),
            Body::Bytes(bytes) => bytes.bytes.as_slice(),
        };
        if value.len() > CHECK_AT_ONCE_BYTES {
            return;
        }
        let was_text = self.detected.is_text();
        self.detected = format::detect(key, value);
        if matches!(self.body, Body::Bytes(_)) && !was_text && self.detected.is_text() {
            // Bytes that become text stay bytes on screen until the operator wants the text.
            self.chosen = Some(ValueFormat::Binary);
        }
    }

    /// Checks the syntax, at once where `now` or where the text is small; otherwise it is said how
    /// long to wait, in seconds.
    pub fn check(&mut self, time: f64, now: bool) -> (&Checked, Option<f64>) {
        let format = self.format();
        let stale = self.checked.as_ref().is_none_or(|(version, of, checked)| {
            *version != self.version || *of != format || *checked == Checked::NotYet
        });
        let mut wait = None;
        if stale {
            let pause = CHECK_PAUSE_SECS - (time - self.edited_at);
            let is_small = match &self.body {
                Body::Text(text) => text.as_str().len() <= CHECK_AT_ONCE_BYTES,
                Body::Bytes(_) => true,
            };
            let checked = if is_small || now || pause <= 0.0 {
                self.check_now(format)
            } else {
                wait = Some(pause);
                Checked::NotYet
            };
            self.checked = Some((self.version, format, checked));
        }
        let checked = self.checked.as_ref().map_or(&Checked::NotYet, |(_, _, checked)| checked);
        (checked, wait)
    }

    fn check_now(&self, format: ValueFormat) -> Checked {
        match (&self.body, format) {
            (Body::Bytes(_), _) | (_, ValueFormat::Plain | ValueFormat::Binary) => Checked::Nothing,
            (Body::Text(text), format) => match validate::validate(format, text.as_str()) {
                Ok(()) => Checked::Valid,
                Err(issue) => Checked::Invalid(issue),
            },
        }
    }
}

/// How a format is coloured.
#[must_use]
pub fn syntax_of(format: ValueFormat) -> Syntax {
    match format {
        ValueFormat::Json => Syntax::Json,
        ValueFormat::Yaml => Syntax::Yaml,
        ValueFormat::Toml => Syntax::Toml,
        ValueFormat::Xml => Syntax::Xml,
        ValueFormat::Properties => Syntax::Properties,
        ValueFormat::Shell => Syntax::Shell,
        ValueFormat::Plain | ValueFormat::Binary => Syntax::Plain,
    }
}

/// The difference of two values, by lines or by bytes.
pub enum AnyDiff {
    /// Both are text.
    Text(DiffView),
    /// One is not.
    Bytes(BytesDiffView),
}

impl AnyDiff {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(view) => view.diff().is_empty(),
            Self::Bytes(view) => view.changed() == 0,
        }
    }
}

/// Remembers the difference that was shown last.
#[derive(Default)]
pub struct DiffCache {
    shown: Option<(Value, Value, AnyDiff)>,
}

impl DiffCache {
    /// The difference of these values, computed when they are not those of the last call.
    pub fn of(&mut self, old: &Value, new: &Value, side_by_side: bool) -> &mut AnyDiff {
        let same = |a: &Value, b: &Value| Arc::ptr_eq(a, b) || a == b;
        let shown = match self.shown.take() {
            Some(shown) if same(&shown.0, old) && same(&shown.1, new) => shown,
            _ => (old.clone(), new.clone(), compare(old, new, side_by_side)),
        };
        let (_, _, diff) = self.shown.insert(shown);
        if let AnyDiff::Text(view) = diff {
            view.set_side_by_side(side_by_side);
        }
        diff
    }
}

fn compare(old: &Value, new: &Value, side_by_side: bool) -> AnyDiff {
    let text = |value: &'_ Value| memchr::memchr(0, value).is_none();
    match (std::str::from_utf8(old), std::str::from_utf8(new)) {
        (Ok(old_text), Ok(new_text)) if text(old) && text(new) => {
            AnyDiff::Text(DiffView::new(old_text, new_text, side_by_side))
        }
        _ => AnyDiff::Bytes(BytesDiffView::new(old.clone(), new.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_of_bytes_can_be_taken_back() {
        let mut bytes = EditBytes::new(b"\x00\x01\x02");
        assert!(bytes.apply(HexEdit::Overwrite { at: 1, byte: 0xf1 }));
        assert!(bytes.apply(HexEdit::Overwrite { at: 1, byte: 0xff }));
        assert!(bytes.apply(HexEdit::Remove { at: 0 }));
        assert!(bytes.apply(HexEdit::Insert { at: 2, bytes: vec![9] }));
        assert_eq!(bytes.bytes, b"\xff\x02\x09");
        assert!(bytes.apply(HexEdit::Undo) && bytes.apply(HexEdit::Undo));
        assert_eq!(bytes.bytes, b"\x00\xff\x02");
        assert!(bytes.apply(HexEdit::Undo), "both digits of a byte are one step");
        assert_eq!(bytes.bytes, b"\x00\x01\x02");
        assert!(!bytes.apply(HexEdit::Undo));
        assert!(bytes.apply(HexEdit::Redo));
        assert_eq!(bytes.bytes, b"\x00\xff\x02");
    }

    fn document(value: &[u8]) -> Document {
        let key = Key::from(b"/a".as_slice());
        let mut document = Document::new(key.clone());
        let record = crate::model::record::KeyRecord {
            key,
            meta: crate::model::record::KeyMeta { mod_revision: 5, ..Default::default() },
            value: Some(Value::from(value)),
        };
        document.base.answer(Ok(Some(record)));
        document
    }

    #[test]
    fn what_is_typed_stays_until_something_else_changes_the_draft() {
        let mut document = document(b"one");
        let mut state = DocumentState::default();
        state.take_over(&document);
        assert_eq!(&*state.value(), b"one");
        state.body = Body::Text(EditText::new("typed", 9));
        state.take_over(&document);
        assert_eq!(&*state.value(), b"typed");
        document.draft = Some(Value::from(b"restored".as_slice()));
        document.draft_generation += 1;
        state.take_over(&document);
        assert_eq!(&*state.value(), b"restored");
    }

    #[test]
    fn bytes_are_never_taken_for_text() {
        let mut state = DocumentState::default();
        state.take_over(&document(b"a\xff\x00"));
        assert!(matches!(state.body, Body::Bytes(_)));
        state.choose(Some(ValueFormat::Json));
        assert_eq!(state.format(), ValueFormat::Binary);
        assert!(matches!(state.body, Body::Bytes(_)));
        assert_eq!(&*state.value(), b"a\xff\x00");
    }
}
