//! Bytes in rows of sixteen, as digits and as characters, with a cursor and edits. Draws the
//! visible rows only, so that a value of any size scrolls alike.

use egui::{
    Color32, Event, EventFilter, Key, Modifiers, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo,
};

use crate::model::hex;
use crate::ui::theme::{self, Tokens, size};

/// What the operator did to the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HexEdit {
    /// This byte is now this (one past the end: append).
    Overwrite {
        /// Where.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// Insert these bytes before the place.
    Insert {
        /// Where.
        at: usize,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Take this byte out.
    Remove {
        /// Where.
        at: usize,
    },
    /// Take the last edit back.
    Undo,
    /// Do it again.
    Redo,
}

/// Where the cursor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HexCursor {
    /// The byte it is at.
    pub at: usize,
    /// The first digit has been typed, the second is awaited.
    second_digit: bool,
}

impl HexCursor {
    /// Puts the cursor at a byte.
    pub fn move_to(&mut self, at: usize) {
        *self = Self { at, second_digit: false };
    }
}

/// Where things stand in a row.
struct Columns {
    char_width: f32,
    digits: f32,
    characters: f32,
    width: f32,
}

impl Columns {
    fn new(ui: &Ui) -> Self {
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::text::mono(), '0'));
        let digits = size::PAD + char_width * 10.0;
        let characters = digits + char_width * (hex::ROW as f32 * 3.0 + 2.0);
        Self { char_width, digits, characters, width: characters + char_width * (hex::ROW as f32 + 2.0) }
    }

    /// Left edge of the digits of a byte; a gap parts the two halves of a row.
    fn digit_x(&self, column: usize) -> f32 {
        self.digits + self.char_width * (column as f32 * 3.0 + if column >= hex::ROW / 2 { 1.0 } else { 0.0 })
    }

    fn character_x(&self, column: usize) -> f32 {
        self.characters + self.char_width * column as f32
    }

    /// The byte of a row under this x.
    fn column_at(&self, x: f32) -> usize {
        let column = if x >= self.characters - self.char_width {
            (x - self.characters) / self.char_width
        } else {
            let x = (x - self.digits) / self.char_width;
            let half = hex::ROW as f32 * 1.5;
            (if x > half { x - 1.0 } else { x }) / 3.0
        };
        (column.max(0.0) as usize).min(hex::ROW - 1)
    }
}

/// Shows bytes; returns the edits of this frame. `name` is what screen readers call the view.
pub fn hex_view(
    ui: &mut Ui,
    id_salt: impl egui::AsIdSalt,
    name: &str,
    bytes: &[u8],
    cursor: &mut HexCursor,
    editable: bool,
) -> Vec<HexEdit> {
    let columns = Columns::new(ui);
    let id = ui.make_persistent_id(id_salt);
    let mut edits = Vec::new();
    cursor.at = cursor.at.min(bytes.len());
    let mut scroll_to_cursor = false;
    if ui.memory(|memory| memory.has_focus(id)) {
        let before = cursor.at;
        keyboard(ui, id, bytes.len(), cursor, editable, bytes, &mut edits);
        scroll_to_cursor = before != cursor.at;
    }
    let rows = hex::row_count(bytes.len());
    let row_height = size::ROW_COMPACT;
    egui::ScrollArea::both().id_salt(id.with("scroll")).auto_shrink([false, false]).show_viewport(
        ui,
        |ui, viewport| {
            ui.set_min_size(Vec2::new(columns.width, rows as f32 * row_height));
            let origin = ui.min_rect().min;
            let whole = Rect::from_min_size(
                origin,
                Vec2::new(columns.width.max(viewport.width()), rows as f32 * row_height),
            );
            let response = ui.interact(whole, id, Sense::click());
            response.widget_info(|| {
                let value = hex::hex_text(&bytes[hex::row_range(bytes.len(), cursor.at / hex::ROW)]);
                let mut info = WidgetInfo::labeled(Role::Grid, ui.is_enabled(), name);
                info.current_text_value = Some(value);
                info
            });
            click(ui, &response, &columns, origin, bytes.len(), row_height, cursor);
            let first = (viewport.min.y / row_height).floor().max(0.0) as usize;
            let last = ((viewport.max.y / row_height).ceil().max(0.0) as usize).min(rows);
            for row in first..last {
                let at = origin + Vec2::new(0.0, row as f32 * row_height);
                let rect = Rect::from_min_size(at, Vec2::new(columns.width, row_height));
                paint_row(ui, &columns, rect, row, bytes, response.has_focus().then_some(*cursor), cursor.at);
            }
            if scroll_to_cursor {
                let y = origin.y + (cursor.at / hex::ROW) as f32 * row_height;
                ui.scroll_to_rect(
                    Rect::from_min_size(Pos2::new(origin.x, y), Vec2::new(1.0, row_height)),
                    None,
                );
            }
        },
    );
    edits
}

fn click(
    ui: &Ui,
    response: &Response,
    columns: &Columns,
    origin: Pos2,
    len: usize,
    row_height: f32,
    cursor: &mut HexCursor,
) {
    if !response.clicked() {
        return;
    }
    ui.memory_mut(|memory| memory.request_focus(response.id));
    if let Some(pos) = response.interact_pointer_pos() {
        let row = ((pos.y - origin.y) / row_height).max(0.0) as usize;
        cursor.move_to((row * hex::ROW + columns.column_at(pos.x - origin.x)).min(len));
    }
}

fn keyboard(
    ui: &Ui,
    id: egui::Id,
    len: usize,
    cursor: &mut HexCursor,
    editable: bool,
    bytes: &[u8],
    edits: &mut Vec<HexEdit>,
) {
    ui.memory_mut(|memory| {
        memory.set_focus_lock_filter(
            id,
            EventFilter { horizontal_arrows: true, vertical_arrows: true, tab: false, escape: false },
        );
    });
    let events = ui.input(|input| input.events.clone());
    for event in events {
        match event {
            Event::Key { key, pressed: true, modifiers, .. } => {
                let moved = move_cursor(key, modifiers, len, cursor);
                if editable && !moved {
                    edit_key(key, modifiers, len, cursor, edits);
                }
            }
            Event::Text(text) if editable => {
                for digit in text.chars().filter_map(|character| character.to_digit(16)) {
                    type_digit(digit as u8, bytes, cursor, edits);
                }
            }
            Event::Paste(text) if editable => {
                let bytes = hex::parse_hex(&text).unwrap_or_default();
                if !bytes.is_empty() {
                    let at = cursor.at;
                    cursor.move_to(at + bytes.len());
                    edits.push(HexEdit::Insert { at, bytes });
                }
            }
            _ => {}
        }
    }
}

fn move_cursor(key: Key, modifiers: Modifiers, len: usize, cursor: &mut HexCursor) -> bool {
    let at = match key {
        Key::ArrowLeft => cursor.at.saturating_sub(1),
        Key::ArrowRight => cursor.at + 1,
        Key::ArrowUp => cursor.at.checked_sub(hex::ROW).unwrap_or(cursor.at),
        Key::ArrowDown => cursor.at + hex::ROW,
        Key::PageUp => cursor.at.saturating_sub(hex::ROW * 16),
        Key::PageDown => cursor.at + hex::ROW * 16,
        Key::Home if modifiers.command => 0,
        Key::End if modifiers.command => len,
        Key::Home => cursor.at - cursor.at % hex::ROW,
        Key::End => cursor.at - cursor.at % hex::ROW + hex::ROW - 1,
        _ => return false,
    };
    cursor.move_to(at.min(len));
    true
}

fn edit_key(key: Key, modifiers: Modifiers, len: usize, cursor: &mut HexCursor, edits: &mut Vec<HexEdit>) {
    match key {
        Key::Z if modifiers.command && modifiers.shift => edits.push(HexEdit::Redo),
        Key::Y if modifiers.command => edits.push(HexEdit::Redo),
        Key::Z if modifiers.command => edits.push(HexEdit::Undo),
        Key::Insert => edits.push(HexEdit::Insert { at: cursor.at, bytes: vec![0] }),
        Key::Delete if cursor.at < len => edits.push(HexEdit::Remove { at: cursor.at }),
        Key::Backspace if cursor.at > 0 => {
            cursor.move_to(cursor.at - 1);
            edits.push(HexEdit::Remove { at: cursor.at });
        }
        _ => {}
    }
}

fn type_digit(digit: u8, bytes: &[u8], cursor: &mut HexCursor, edits: &mut Vec<HexEdit>) {
    let at = cursor.at;
    // What an edit of this very frame made of the byte counts, when digits come fast.
    let pending = edits.iter().rev().find_map(|edit| match edit {
        HexEdit::Overwrite { at: place, byte } if *place == at => Some(*byte),
        _ => None,
    });
    let byte = pending.or_else(|| bytes.get(at).copied()).unwrap_or(0);
    if cursor.second_digit {
        edits.push(HexEdit::Overwrite { at, byte: byte & 0xf0 | digit });
        cursor.move_to(at + 1);
    } else {
        edits.push(HexEdit::Overwrite { at, byte: digit << 4 | byte & 0x0f });
        cursor.second_digit = true;
    }
}

fn paint_row(
    ui: &Ui,
    columns: &Columns,
    rect: Rect,
    row: usize,
    bytes: &[u8],
    focused: Option<HexCursor>,
    cursor_at: usize,
) {
    let tokens = theme::tokens(ui);
    let painter = ui.painter();
    let range = hex::row_range(bytes.len(), row);
    let y = rect.center().y;
    let mono = theme::text::mono();
    painter.text(
        Pos2::new(rect.left() + size::PAD, y),
        egui::Align2::LEFT_CENTER,
        format!("{:08x}", row * hex::ROW),
        theme::text::mono_small(),
        tokens.faint,
    );
    if (row * hex::ROW..(row + 1) * hex::ROW).contains(&cursor_at) {
        paint_cursor(ui, columns, rect, cursor_at % hex::ROW, focused);
    }
    for (column, byte) in bytes[range.clone()].iter().enumerate() {
        let colour = byte_colour(tokens, *byte);
        let digits = Pos2::new(rect.left() + columns.digit_x(column), y);
        painter.text(digits, egui::Align2::LEFT_CENTER, hex::byte_text(*byte), mono.clone(), colour);
        let character = Pos2::new(rect.left() + columns.character_x(column), y);
        painter.text(character, egui::Align2::LEFT_CENTER, hex::ascii_char(*byte), mono.clone(), colour);
    }
    let row_response = ui.interact(rect, ui.scope_id().with(("hex_row", row)), Sense::hover());
    row_response.widget_info(|| {
        let shown = &bytes[range.clone()];
        let text = format!("{:08x}  {}  {}", row * hex::ROW, hex::hex_text(shown), hex::ascii_text(shown));
        WidgetInfo::labeled(Role::Label, true, text)
    });
}

fn paint_cursor(ui: &Ui, columns: &Columns, rect: Rect, column: usize, focused: Option<HexCursor>) {
    let tokens = theme::tokens(ui);
    let cell = |x: f32, characters: f32| {
        Rect::from_min_size(
            Pos2::new(rect.left() + x - columns.char_width * 0.25, rect.top() + 1.0),
            Vec2::new(columns.char_width * (characters + 0.5), rect.height() - 2.0),
        )
    };
    let digits = cell(columns.digit_x(column), 2.0);
    let character = cell(columns.character_x(column), 1.0);
    let painter = ui.painter();
    for cell in [digits, character] {
        painter.rect_filled(cell, f32::from(size::RADIUS_SMALL) / 2.0, tokens.selected);
    }
    if let Some(cursor) = focused {
        let mut under = digits;
        if cursor.second_digit {
            under.min.x = digits.center().x;
        }
        under.min.y = under.max.y - 2.0;
        painter.rect_filled(under, 0.0, tokens.accent);
    }
}

/// Zero bytes recede, printable ones stand out, so that structure is seen at a glance.
fn byte_colour(tokens: &Tokens, byte: u8) -> Color32 {
    match byte {
        0 => tokens.faint,
        byte if byte.is_ascii_graphic() || byte == b' ' => tokens.text,
        _ => tokens.syntax_keyword,
    }
}
