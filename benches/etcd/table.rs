//! Tables, for a terminal and for the README.

use std::fmt::Write as _;

/// A table under a title, with what there is to say beneath.
pub struct Table {
    pub title: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub note: String,
}

impl Table {
    pub fn new(title: impl Into<String>, header: &[&str]) -> Self {
        let header = header.iter().map(|&name| name.to_owned()).collect();
        Self { title: title.into(), header, rows: Vec::new(), note: String::new() }
    }

    /// In columns of even width.
    pub fn text(&self) -> String {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = format!("\n{}\n", self.title);
        for row in all() {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
                if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if !self.note.is_empty() {
            text.push_str(&self.note);
            text.push('\n');
        }
        text
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("**{}**\n\n", self.title);
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text.push_str(&line(&self.header));
        let rule: Vec<String> = (0..self.header.len())
            .map(|column| if column == 0 { "---" } else { "---:" }.to_owned())
            .collect();
        text.push_str(&line(&rule));
        for row in &self.rows {
            text.push_str(&line(row));
        }
        if !self.note.is_empty() {
            // Writing to a string can not fail.
            let _written = write!(text, "\n{}\n", self.note);
        }
        text
    }
}

/// A number with digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with so many digits behind the point; a dash where there is none.
pub fn figure(number: Option<f64>, digits: usize, unit: &str) -> String {
    match number {
        Some(number) if digits == 0 && number.abs() >= 10_000.0 => {
            format!("{}{unit}", grouped(number.round() as u64))
        }
        // What rounds to minus zero becomes zero by adding it.
        Some(number) => {
            let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
            format!("{:.digits$}{unit}", (number * scale).round() / scale + 0.0)
        }
        None => "–".to_owned(),
    }
}
