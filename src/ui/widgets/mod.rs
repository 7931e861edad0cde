//! Controls that the screens are built of. They know bytes, faults and times, but no connection.

pub mod button;
pub mod chip;
pub mod code;
pub mod columns;
pub mod diff_bytes;
mod diff_layout;
pub mod diff_tree;
pub mod diff_view;
pub mod field;
pub mod filter_chips;
pub mod hex_view;
pub mod key_text;
pub mod list;
pub mod list_box;
pub mod modal;
pub mod notice;
pub mod progress;
pub mod section;
pub mod shortcut;
mod soft_wrap;
pub mod sparkline;
pub mod stack_bar;
pub mod syntax;
pub mod tabs;
pub mod term_strip;
pub mod toast;
pub mod units;

pub use button::{Button, icon_button, icon_toggle, link};
pub use chip::{Tone, chip, count_badge, dot};
pub use key_text::{key_label, paint_key, paint_key_tail};
pub use list::{ListMove, VirtualList, list_move};
pub use list_box::ListBox;
pub use notice::{banner, empty_state, fault_line, fault_view};
pub use progress::{ProgressAnswer, progress_line};
pub use section::{from_left, property, property_mono, section_header};
pub use shortcut::shortcut_text;
pub use tabs::{segmented, tabs};
pub use units::{
    bytes_text, clock_text, count_text, duration_short, duration_text, relative_text, time_text,
};

use std::sync::Arc;

use egui::epaint::text::TextWrapping;
use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Galley, Painter};

/// One line of text, cut off with `…` where it does not fit.
pub fn elided(
    painter: &Painter,
    text: impl Into<String>,
    font: FontId,
    colour: Color32,
    max_width: f32,
) -> Arc<Galley> {
    let job = LayoutJob::simple_singleline(text.into(), font, colour);
    elided_job(painter, job, max_width)
}

/// A job as one line, cut off with `…` where it does not fit.
pub fn elided_job(painter: &Painter, mut job: LayoutJob, max_width: f32) -> Arc<Galley> {
    job.wrap = TextWrapping {
        max_width: max_width.max(0.0),
        max_rows: 1,
        break_anywhere: true,
        ..Default::default()
    };
    painter.layout_job(job)
}

/// A format for a part of a job.
#[must_use]
pub fn format(font: FontId, colour: Color32) -> TextFormat {
    TextFormat { valign: egui::Align::Center, ..TextFormat::simple(font, colour) }
}
