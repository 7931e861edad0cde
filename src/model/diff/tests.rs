//! Tests of the differences.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn kinds(diff: &Diff) -> Vec<RowKind> {
    diff.rows.iter().map(|row| row.kind).collect()
}

/// Puts one side together again from the rows.
fn rebuilt(diff: &Diff, side: Side) -> String {
    (0..diff.rows.len())
        .filter_map(|row| diff.line(row, side).map(|line| (row, line.ending)))
        .map(|(row, ending)| {
            let end = match ending {
                LineEnding::Lf => "\n",
                LineEnding::CrLf => "\r\n",
                LineEnding::None => "",
            };
            let text: String = diff.spans(row, side).iter().map(|span| span.text).collect();
            assert_eq!(text, diff.text(row, side));
            text + end
        })
        .collect()
}

#[test]
fn a_changed_word_is_marked() {
    let diff = diff_lines("name: web\nreplicas: 3\nport: 80\n", "name: web\nreplicas: 5\nport: 80\n");
    assert_eq!(kinds(&diff), [RowKind::Same, RowKind::Changed, RowKind::Same]);
    assert_eq!((diff.added, diff.removed), (1, 1));
    let marked = |side| -> Vec<&str> {
        diff.spans(1, side).into_iter().filter(|span| span.marked).map(|span| span.text).collect()
    };
    assert_eq!((marked(Side::Old), marked(Side::New)), (vec!["3"], vec!["5"]));
    assert_eq!(diff.rows[1].new.as_ref().map(|line| line.number), Some(2));
}

#[test]
fn a_line_added_in_a_changed_block_is_not_paired_with_a_stranger() {
    let diff =
        diff_lines("timeout = 10\nhost = \"a\"\n", "timeout = 20\n# chosen by the load test\nhost = \"b\"\n");
    assert_eq!(kinds(&diff), [RowKind::Changed, RowKind::Added, RowKind::Changed]);
}

#[test]
fn a_missing_final_newline_is_a_difference() {
    let diff = diff_lines("a\nb\n", "a\nb");
    assert_eq!(kinds(&diff), [RowKind::Same, RowKind::Changed]);
    assert!(diff.rows[1].endings_differ());
    assert!(diff.rows[1].old.as_ref().is_some_and(|line| line.marks.is_empty()));
    assert!(!diff.is_empty());
}

#[test]
fn line_endings_are_differences() {
    let diff = diff_lines("a\r\nb\r\n", "a\nb\r\n");
    assert_eq!(kinds(&diff), [RowKind::Changed, RowKind::Same]);
    assert_eq!(diff.text(0, Side::Old), "a");
    assert!(diff.rows[0].endings_differ());
}

#[test]
fn empty_texts() {
    assert!(diff_lines("", "").rows.is_empty());
    assert_eq!(kinds(&diff_lines("", "\n")), [RowKind::Added]);
    assert_eq!(kinds(&diff_lines("a", "")), [RowKind::Removed]);
    assert!(diff_lines("a\n", "a\n").is_empty());
}

#[test]
fn the_inline_view_shows_removed_lines_before_added_ones() {
    let diff = diff_lines("a 1\nb 1\nc\n", "a 2\nb 2\nc\n");
    let lines = diff.inline_lines(0..diff.rows.len());
    let shown: Vec<_> = lines.iter().map(|line| diff.text(line.row, line.side)).collect();
    assert_eq!(shown, ["a 1", "b 1", "a 2", "b 2", "c"]);
}

#[test]
fn equal_runs_fold_around_their_context() {
    let old: String = (0..30).map(|line| format!("{line}\n")).collect();
    let diff = diff_lines(&old, &old.replace("15\n", "fifteen\n"));
    assert_eq!(
        fold(&diff.rows, 3),
        [DiffBlock::Folded(0..12), DiffBlock::Rows(12..19), DiffBlock::Folded(19..30)]
    );
    assert_eq!(fold(&diff.rows, 100), [DiffBlock::Rows(0..30)]);
    assert_eq!(fold(&diff_lines("a\nb\n", "a\nb\n").rows, 3), [DiffBlock::Folded(0..2)]);
    assert!(fold(&[], 3).is_empty());
}

#[test]
fn white_space_can_be_left_out_of_account() {
    let old = "a\n  b  c\n\nlast";
    let all = |new: &str, whitespace| {
        let diff = diff_lines_with(old, new, whitespace);
        (diff.added, diff.removed, diff.ignored)
    };
    assert_eq!(all("a \r\n  b c\nlast\n", Whitespace::All), (3, 4, 0));
    assert_eq!(all("a \r\n  b c\n\nlast\n", Whitespace::Amount), (0, 0, 3));
    assert_eq!(
        all("a\nb c\n\nlast", Whitespace::Amount),
        (1, 1, 0),
        "no white space at all is another amount"
    );
    assert_eq!(all("a \r\n\n  b  c\nlast\n", Whitespace::Ends), (0, 0, 4));
    assert_eq!(all("a\n  b c\nlast", Whitespace::Ends), (1, 1, 1));
    assert_eq!(diff_lines_with(old, old, Whitespace::Ends).ignored, 0);
}

#[test]
fn a_minified_value_is_gone_through_change_by_change() {
    let old: String = (0..6_000).map(|at| format!("{{\"key{at}\":{}}},", at * 7)).collect();
    let new = old
        .replace(":7777}", ":7778}")
        .replace(":21007}", ":false}")
        .replace("\"key3000\":", "\"more\":0,\"key3000\":");
    let diff = diff_lines(&old, &new);
    let units = Units::of(&diff);
    assert_eq!((diff.rows.len(), units.changes().len()), (1, 2), "the last two are neighbours");
    for change in 0..2 {
        let unit = units.changes()[change].start;
        let shown = |side| units.range(&diff, unit, side).map(|range| diff.text(0, side)[range].to_owned());
        let (old, new) = (shown(Side::Old).unwrap_or_default(), shown(Side::New).unwrap_or_default());
        assert_eq!(old[..20], new[..20], "equal stretches lie beside each other");
    }
    let folded: usize =
        units.fold(&diff).iter().filter(|block| matches!(block, DiffBlock::Folded(_))).count();
    assert_eq!(folded, 3);
}

/// Lines that look random but are the same in every run.
fn noise(lines: usize, mut seed: u64) -> String {
    (0..lines)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{:x}\n", (seed >> 40) % 50_000)
        })
        .collect()
}

#[test]
fn large_hostile_texts_stay_bounded() {
    let one_line = |word: &str| word.repeat(1_000_000 / word.len());
    let cases = [
        (noise(170_000, 1), noise(170_000, 2)),
        (one_line("a "), one_line("b c ")),
        (one_line("{},"), one_line("[],{}")),
        ("\n".repeat(1_000_000), "\r\n".repeat(500_000)),
    ];
    for (old, new) in cases {
        let started = Instant::now();
        let diff = diff_lines(&old, &new);
        assert!(started.elapsed() < Duration::from_secs(8), "took {:?}", started.elapsed());
        assert!(!diff.is_empty());
    }
}

#[test]
fn changes_in_a_minified_value_are_marked_one_by_one() {
    let old: String = (0..3_000).map(|at| format!("{{\"key{at}\":{}}},", at * 7)).collect();
    let diff = diff_lines(
        &old,
        &old.replace(":777}", ":778}").replace(":10507}", ":false}").replace("key2999", "keylast"),
    );
    let marked = |side| -> Vec<&str> {
        diff.spans(0, side).into_iter().filter(|span| span.marked).map(|span| span.text).collect()
    };
    assert_eq!(diff.rows.len(), 1);
    assert_eq!(marked(Side::Old), ["777", "10507", "key2999"]);
    assert_eq!(marked(Side::New), ["778", "false", "keylast"]);
}

proptest! {
    #[test]
    fn both_texts_come_back_from_the_rows(
        old in "([ab]{0,2}(\n|\r\n|\r)){0,8}[ab]{0,2}",
        new in "([ab]{0,2}(\n|\r\n|\r)){0,8}[ab]{0,2}",
    ) {
        let diff = diff_lines(&old, &new);
        prop_assert_eq!(rebuilt(&diff, Side::Old), old.clone());
        prop_assert_eq!(rebuilt(&diff, Side::New), new.clone());
        prop_assert_eq!(diff.is_empty(), old == new);
        for row in &diff.rows {
            prop_assert_eq!(row.old.is_some(), row.kind != RowKind::Added);
            prop_assert_eq!(row.new.is_some(), row.kind != RowKind::Removed);
        }
    }

    #[test]
    fn any_text_can_be_compared(old in any::<String>(), new in any::<String>()) {
        let diff = diff_lines(&old, &new);
        prop_assert_eq!(rebuilt(&diff, Side::Old), old);
        prop_assert_eq!(rebuilt(&diff, Side::New), new);
    }

    #[test]
    fn folding_shows_every_row_once(same in proptest::collection::vec(any::<bool>(), 0..60), context in 0usize..5) {
        let blocks = fold_by(same.len(), context, |row| same[row]);
        let mut next = 0;
        for block in blocks {
            let (range, folded) = match block {
                DiffBlock::Rows(range) => (range, false),
                DiffBlock::Folded(range) => (range, true),
            };
            prop_assert_eq!(range.start, next);
            prop_assert!(range.end > range.start);
            prop_assert!(!folded || range.clone().all(|row| same[row]));
            next = range.end;
        }
        prop_assert_eq!(next, same.len());
    }

    #[test]
    fn both_texts_come_back_whatever_white_space_counts(
        old in "([ab ]{0,3}(\n|\r\n)){0,8}[ab ]{0,2}",
        new in "([ab ]{0,3}(\n|\r\n)){0,8}[ab ]{0,2}",
        whitespace in prop::sample::select(Whitespace::ALL.to_vec()),
    ) {
        let diff = diff_lines_with(&old, &new, whitespace);
        prop_assert_eq!(rebuilt(&diff, Side::Old), old.clone());
        prop_assert_eq!(rebuilt(&diff, Side::New), new.clone());
        let told = |text: &str| -> Vec<String> {
            let lines = text.split_inclusive('\n').filter(|line| !whitespace.leaves_out(line));
            lines.map(|line| whitespace.compared(line).into_owned()).collect()
        };
        prop_assert_eq!(diff.is_empty(), told(&old) == told(&new));
        if whitespace == Whitespace::All {
            prop_assert_eq!(diff.ignored, 0);
        }
    }

    #[test]
    fn taking_one_change_after_the_other_gives_the_other_text(
        old in "([ab]{0,2}(\n|\r\n)){0,8}[ab]{0,2}",
        new in "([ab]{0,2}(\n|\r\n)){0,8}[ab]{0,2}",
        long in any::<bool>(),
        of_new in any::<bool>(),
    ) {
        let wide = |text: &str| if long { text.replace('a', &"long word, ".repeat(600)) } else { text.to_owned() };
        let (mut old, mut new) = (wide(&old), wide(&new));
        let mut turns = 0;
        loop {
            let diff = diff_lines(&old, &new);
            let units = Units::of(&diff);
            prop_assert_eq!(units.changes().is_empty(), old == new);
            if units.changes().is_empty() {
                break;
            }
            let change = turns % units.changes().len();
            if of_new {
                old = units.take(&diff, change, Side::Old).expect("a change");
            } else {
                new = units.take(&diff, change, Side::New).expect("a change");
            }
            turns += 1;
            prop_assert!(turns < 60, "it goes nowhere");
        }
    }

    #[test]
    fn units_show_every_line_once(
        old in "([ab]{0,2}\n){0,8}[ab]{0,2}", new in "([ab]{0,2}\n){0,8}[ab]{0,2}", long in any::<bool>(),
    ) {
        let wide = |text: &str| if long { text.replace('a', &"é{x},".repeat(900)) } else { text.to_owned() };
        let diff = diff_lines(&wide(&old), &wide(&new));
        let units = Units::of(&diff);
        for side in [Side::Old, Side::New] {
            let shown: String = (0..units.len())
                .filter_map(|unit| {
                    let row = units.get(unit)?.row as usize;
                    let range = units.range(&diff, unit, side)?;
                    let end = if units.is_last_part(unit) { "\n" } else { "" };
                    Some(diff.text(row, side)[range].to_owned() + end)
                })
                .collect();
            let lines: String = (0..diff.rows.len())
                .filter(|row| diff.line(*row, side).is_some())
                .map(|row| diff.text(row, side).to_owned() + "\n")
                .collect();
            prop_assert_eq!(shown, lines);
        }
    }
}
