//! What the editor keeps of each open key between frames: the text or bytes being edited, and
//! everything that is expensive to find out about them, remembered until they change.

use std::collections::HashMap;

use egui::Context;

pub use super::check::Checked;
use super::check::{AT_ONCE_BYTES, Checker, When};
use super::compare::{DiffCache, DiffLook};
use super::conflict::ConflictState;
use super::diff_page::CompareState;
use super::form_page::FormState;
use super::history::HistoryState;
use super::schema_bar::AttachForm;
use super::text::EditText;
use crate::action::UserCommand;
use crate::model::bytes::{Key, Value};
use crate::model::document::Document;
use crate::model::format::{self, ValueFormat};
use crate::model::hex;
use crate::model::message::SessionId;
use crate::model::schema::Problem;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::beside::Beside;
use crate::ui::schema;
use crate::ui::widgets::code::{CodeView, Highlighter};
use crate::ui::widgets::hex_view::{HexCursor, HexEdit};
use crate::ui::widgets::syntax::Syntax;

/// Edits of bytes that can be taken back.
const MAX_UNDO: usize = 200;
/// Bytes that the undo steps of one key may take.
const MAX_UNDO_BYTES: usize = 16 * 1024 * 1024;

/// What the editor keeps between frames.
#[derive(Default)]
pub struct EditorState {
    documents: HashMap<(SessionId, Key), DocumentState>,
    /// How differences are shown; chosen once for all.
    pub look: DiffLook,
    requests: Vec<UserCommand>,
    /// The tab that was shown last, so that a new one is scrolled to.
    pub shown_tab: Option<Key>,
}

impl EditorState {
    /// Takes the commands over that only the editor can carry out. Called in every frame: what was
    /// not carried out in the last one (another screen was shown) is forgotten.
    pub fn take_requests(&mut self, requests: &mut Vec<UserCommand>) {
        self.requests.clear();
        for command in
            [UserCommand::Format, UserCommand::Save, UserCommand::NextChange, UserCommand::PreviousChange]
        {
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

/// What the editor keeps of one open key.
pub struct DocumentState {
    /// Draft generation and base revision that were taken over last.
    taken: Option<(u64, Option<i64>)>,
    /// What is edited.
    pub body: Body,
    version: u64,
    detected: ValueFormat,
    chosen: Option<ValueFormat>,
    checker: Checker,
    edited_at: f64,
    /// The text of this version is being laid out.
    pub laying_out: Option<(u64, Beside<Option<String>>)>,
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
    /// Holds the value against its schema.
    pub schema: schema::SchemaChecker,
    /// The operator wants this value saved although its schema has this against it.
    pub schema_override: Option<(Value, Vec<Problem>)>,
    /// The form of the value.
    pub form: FormState,
    /// A rule that is being made for the key's folder.
    pub attach: Option<AttachForm>,
    /// Where the cursor is to go: line and column, from 1.
    pub jump: Option<(usize, usize)>,
    /// The page of differences.
    pub compare: CompareState,
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
            checker: Checker::default(),
            edited_at: 0.0,
            laying_out: None,
            fresh: true,
            highlighter: Highlighter::default(),
            large: None,
            cursor: CursorPlace::default(),
            diff: DiffCache::default(),
            override_of: None,
            schema: schema::SchemaChecker::default(),
            schema_override: None,
            form: FormState::default(),
            attach: None,
            jump: None,
            compare: CompareState::default(),
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
        self.checker.forget();
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
        self.checker.forget();
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
        if value.len() > AT_ONCE_BYTES {
            return;
        }
        let was_text = self.detected.is_text();
        self.detected = format::detect(key, value);
        if matches!(self.body, Body::Bytes(_)) && !was_text && self.detected.is_text() {
            // Bytes that become text stay bytes on screen until the operator wants the text.
            self.chosen = Some(ValueFormat::Binary);
        }
    }

    /// Checks the syntax: at once where the text is small, else once typing has paused (or `now`), and
    /// then beside the window. Says how long to wait, in seconds, where it waits for the pause.
    pub fn check(&mut self, ctx: &Context, time: f64, now: bool) -> (&Checked, Option<f64>) {
        let text = match &self.body {
            Body::Text(text) => Some(text.as_str()),
            Body::Bytes(_) => None,
        };
        let subject = (self.version, self.format());
        let when = When { time, edited_at: self.edited_at, now };
        self.checker.check(ctx, subject, text, when)
    }
}

impl DocumentState {
    /// Holds the value against the schema of its key, beside the window.
    pub fn check_schema(&mut self, ctx: &Context, session: &Session, key: &Key, time: f64) -> schema::State {
        let subject = schema::Subject {
            key: key.clone(),
            version: self.version,
            format: if self.detected.is_text() { self.chosen } else { None },
            schemas: session.schemas.clone(),
        };
        let body = &self.body;
        let value = || match body {
            Body::Text(text) => text.value(),
            Body::Bytes(bytes) => Value::from(bytes.bytes.as_slice()),
        };
        self.schema.check(ctx, &subject, value, (self.edited_at, time))
    }

    /// Whether the operator wants this value saved although its schema has this against it.
    #[must_use]
    pub fn overrides_schema(&self, value: &Value, problems: &[Problem]) -> bool {
        self.schema_override.as_ref().is_some_and(|(of, known)| of == value && known == problems)
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
