//! White space that is not to count as a difference.

use std::borrow::Cow;

use super::{DiffLine, DiffRow, LineAt, RowKind, diff_line};

/// Which differences in white space count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Whitespace {
    /// All of them.
    #[default]
    All,
    /// Not how much there is of it: runs of it are equal to one another, and at the end of a line (its
    /// line end is part of it) to none at all.
    Amount,
    /// Not that at the ends of lines (line ends are part of it), nor blank lines.
    Ends,
}

impl Whitespace {
    /// Every choice, in the order of the chooser.
    pub const ALL: [Self; 3] = [Self::All, Self::Amount, Self::Ends];

    /// The name in the catalogues.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Amount => "amount",
            Self::Ends => "ends",
        }
    }

    /// What of a line (with its ending) is compared.
    pub(super) fn compared(self, line: &str) -> Cow<'_, str> {
        match self {
            Self::All => Cow::Borrowed(line),
            Self::Ends => Cow::Borrowed(line.trim_end()),
            Self::Amount => one_space(line.trim_end()),
        }
    }

    /// Whether a line is left out of the comparison.
    pub(super) fn leaves_out(self, line: &str) -> bool {
        self == Self::Ends && line.trim_end().is_empty()
    }
}

/// Every run of white space as one space.
fn one_space(line: &str) -> Cow<'_, str> {
    let mut was_space = false;
    let plain = line.chars().all(|character| {
        let fits = character == ' ' && !was_space || !character.is_whitespace();
        was_space = character == ' ';
        fits
    });
    if plain {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut was_space = false;
    for character in line.chars() {
        if !character.is_whitespace() {
            text.push(character);
        } else if !was_space {
            text.push(' ');
        }
        was_space = character.is_whitespace();
    }
    Cow::Owned(text)
}

/// Puts the lines back in that were left out of the comparison, each where it stands.
pub(super) fn with_left_out(
    rows: Vec<DiffRow>,
    (old, old_lines): (&str, &[LineAt]),
    (new, new_lines): (&str, &[LineAt]),
) -> Vec<DiffRow> {
    if rows.iter().filter(|row| row.old.is_some()).count() == old_lines.len()
        && rows.iter().filter(|row| row.new.is_some()).count() == new_lines.len()
    {
        return rows;
    }
    let mut filler = Filler { old, new, old_lines, new_lines, next_old: 0, next_new: 0, rows: Vec::new() };
    filler.rows.reserve(old_lines.len().max(new_lines.len()));
    let before = |line: &Option<DiffLine>| line.as_ref().map_or(0, |line| line.number - 1);
    for row in rows {
        filler.fill(before(&row.old), before(&row.new));
        filler.next_old += usize::from(row.old.is_some());
        filler.next_new += usize::from(row.new.is_some());
        filler.rows.push(row);
    }
    filler.fill(old_lines.len(), new_lines.len());
    filler.rows
}

struct Filler<'a> {
    old: &'a str,
    new: &'a str,
    old_lines: &'a [LineAt],
    new_lines: &'a [LineAt],
    next_old: usize,
    next_new: usize,
    rows: Vec<DiffRow>,
}

impl Filler<'_> {
    /// Adds the lines before these, which were left out.
    fn fill(&mut self, to_old: usize, to_new: usize) {
        while self.next_old < to_old || self.next_new < to_new {
            let old = (self.next_old < to_old).then(|| self.old_lines[self.next_old]);
            let new = (self.next_new < to_new).then(|| self.new_lines[self.next_new]);
            let same = old.zip(new).is_some_and(|(a, b)| a.whole(self.old) == b.whole(self.new));
            let kind = if same { RowKind::Same } else { RowKind::Ignored };
            self.next_old += usize::from(old.is_some());
            self.next_new += usize::from(new.is_some());
            self.rows.push(DiffRow { kind, old: old.map(diff_line), new: new.map(diff_line) });
        }
    }
}
