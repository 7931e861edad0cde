//! Values: formats, checks, layouts, comparisons and merges of anything.

use std::time::{Duration, Instant};

use etcdscope::model::diff::{Side, diff_bytes, diff_lines};
use etcdscope::model::format::{ValueFormat, detect};
use etcdscope::model::hex;
use etcdscope::model::json_text;
use etcdscope::model::key_text::{is_deceptive, neutral, preview_value};
use etcdscope::model::merge::{Choice, merge};
use etcdscope::model::validate::{format_text, validate};
use proptest::prelude::*;

/// A window's thread may have no more than this.
const STACK: usize = 1 << 20;

/// Every hostile value through everything that reads values, on a small stack and in bounded time.
#[test]
fn every_hostile_value_is_read_in_bounded_stack_and_time() {
    let work = || {
        let values = crate::nasty::values();
        for (at, (name, value)) in values.iter().enumerate() {
            let started = Instant::now();
            let _format = detect(b"key", value);
            assert!(!preview_value(value, 80).chars().any(is_deceptive), "{name}");
            if let Ok(text) = std::str::from_utf8(value) {
                for format in ValueFormat::ALL {
                    let _issue = validate(format, text);
                    let _laid_out = format_text(format, text);
                }
                let other = &values[(at + 1) % values.len()].1;
                if let Ok(other) = std::str::from_utf8(other) {
                    let _diff = diff_lines(text, other);
                    let merged = merge(text, other, text).merged_if_clean();
                    assert_eq!(merged.as_deref(), Some(other), "{name}");
                }
            }
            let _rows = diff_bytes(value, &values[(at + 1) % values.len()].1);
            let took = started.elapsed();
            assert!(took < Duration::from_secs(20), "{name} took {took:?}");
        }
    };
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
}

/// JSON without the white space between its tokens: what it says, to the byte.
fn tokens(text: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        if inside {
            out.push(character);
            inside = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if !matches!(character, ' ' | '\t' | '\r' | '\n') {
            out.push(character);
            inside = character == '"';
        }
    }
    out
}

/// JSON with odd numbers, odd strings, repeated names and white space anywhere.
fn json() -> impl Strategy<Value = String> {
    let space = "[ \t\r\n]{0,2}";
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        r#""([ -!#-\[\]-~éΩ键😀]|\\["\\/bfnrt]|\\u[dD][89abAB][0-9a-f]{2}|\\u00[0-9a-f]{2}){0,8}""#,
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let entry = (r#""[a-c]{0,1}""#, space, inner.clone(), space);
        prop_oneof![
            (prop::collection::vec((space, inner, space), 0..4)).prop_map(|items| {
                let items: Vec<String> =
                    items.into_iter().map(|(a, item, b)| format!("{a}{item}{b}")).collect();
                format!("[{}]", items.join(","))
            }),
            prop::collection::vec(entry, 0..4).prop_map(|entries| {
                let entries: Vec<String> =
                    entries.into_iter().map(|(name, a, value, b)| format!("{name}{a}:{b}{value}")).collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

/// Lines as three people would change them.
fn lines() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[abc]{1,2}", 0..12)
}

proptest! {
    #![proptest_config(crate::cases(200))]

    #[test]
    fn laid_out_json_says_the_same_to_the_byte(text in json()) {
        prop_assert_eq!(json_text::check(&text), Ok(()));
        let laid_out = json_text::layout(&text).unwrap();
        prop_assert_eq!(tokens(&laid_out), tokens(&text));
        prop_assert_eq!(json_text::layout(&laid_out), Ok(laid_out.clone()));
    }

    #[test]
    fn any_bytes_have_a_format_a_check_and_a_comparison(one in prop::collection::vec(any::<u8>(), 0..300), two in prop::collection::vec(any::<u8>(), 0..300)) {
        let _format = detect(&one, &two);
        let text = String::from_utf8_lossy(&two);
        for format in ValueFormat::ALL {
            if let Ok(laid_out) = format_text(format, &text) {
                prop_assert_eq!(validate(format, &laid_out), Ok(()), "{:?}", format);
                prop_assert_eq!(format_text(format, &laid_out), Ok(laid_out), "{:?}", format);
            }
        }
        prop_assert!(!neutral(&text).chars().any(|sign| is_deceptive(sign) && sign != '\n' && sign != '\t'));
        let different = diff_bytes(&one, &two).changed;
        let expected = (0..one.len().max(two.len())).filter(|at| one.get(*at) != two.get(*at)).count();
        prop_assert_eq!(different, expected);
    }

    #[test]
    fn edits_of_bytes_are_what_a_slow_editor_does(
        start in prop::collection::vec(any::<u8>(), 0..60),
        edits in prop::collection::vec((0_u8..3, 0_usize..80, prop::collection::vec(any::<u8>(), 0..5)), 0..12),
    ) {
        let mut buffer = start.clone();
        let mut slow: Vec<u8> = start;
        for (what, at, bytes) in edits {
            let place = at.min(slow.len());
            match what {
                0 => {
                    hex::overwrite(&mut buffer, at, &bytes);
                    for (index, byte) in bytes.iter().enumerate() {
                        if place + index < slow.len() { slow[place + index] = *byte } else { slow.push(*byte) }
                    }
                }
                1 => {
                    hex::insert(&mut buffer, at, &bytes);
                    for (index, byte) in bytes.iter().enumerate() {
                        slow.insert(place + index, *byte);
                    }
                }
                _ => {
                    let gone = hex::delete(&mut buffer, at..at + bytes.len());
                    let end = (place + bytes.len()).min(slow.len());
                    prop_assert_eq!(&gone[..], &slow[place..end]);
                    slow = [&slow[..place], &slow[end..]].concat();
                }
            }
            prop_assert_eq!(&buffer, &slow);
        }
        let shown: Vec<u8> = (0..hex::row_count(buffer.len())).flat_map(|row| {
            hex::parse_hex(&hex::hex_text(&buffer[hex::row_range(buffer.len(), row)])).unwrap()
        }).collect();
        prop_assert_eq!(shown, buffer);
    }

    #[test]
    fn the_parts_of_a_changed_line_make_up_the_line(old in "[ab键 {},]{0,30}(\r?\n[ab键 ]{0,9}){0,3}", new in "[ab键 {},]{0,30}(\r?\n[ab键 ]{0,9}){0,3}") {
        let diff = diff_lines(&old, &new);
        for row in 0..diff.rows.len() {
            for side in [Side::Old, Side::New] {
                let parts: String = diff.spans(row, side).iter().map(|span| span.text).collect();
                prop_assert_eq!(parts, diff.text(row, side));
            }
        }
        let shown = diff.inline_lines(0..diff.rows.len());
        let of = |side| shown.iter().filter(|line| line.side == side).count();
        prop_assert_eq!(of(Side::Old), diff.removed);
        prop_assert_eq!(of(Side::New), diff.rows.iter().filter(|row| row.new.is_some()).count());
    }

    #[test]
    fn a_merge_does_not_depend_on_who_comes_first_and_loses_no_line(
        base in lines(), yours in lines(), theirs in lines(), crlf in any::<bool>(), ends in any::<[bool; 3]>(),
    ) {
        let newline = if crlf { "\r\n" } else { "\n" };
        let text = |lines: &[String], ends: bool| {
            lines.join(newline) + if ends && !lines.is_empty() { newline } else { "" }
        };
        let [base, yours, theirs] = [text(&base, ends[0]), text(&yours, ends[1]), text(&theirs, ends[2])];
        let (ours, other) = (merge(&base, &yours, &theirs), merge(&base, &theirs, &yours));
        prop_assert_eq!(ours.is_clean(), other.is_clean());
        prop_assert_eq!(ours.merged_if_clean(), other.merged_if_clean());
        let both = ours.resolve(&vec![Choice::Both; ours.conflicts()]).unwrap();
        let count = |text: &str, line: &str| text.lines().filter(|other| *other == line).count();
        for line in yours.lines() {
            // What only you added is there; what they took out may be gone.
            if count(&base, line) == 0 && count(&theirs, line) == 0 {
                prop_assert!(count(&both, line) >= count(&yours, line), "{:?} of {:?}", line, both);
            }
        }
        let allowed = both.lines().all(|line| count(&base, line) + count(&yours, line) + count(&theirs, line) > 0);
        prop_assert!(allowed, "no line is made up: {:?}", both);
        let known = [&base, &yours, &theirs].iter().any(|text| text.contains('\n'));
        if crlf && known {
            prop_assert_eq!(both.matches('\n').count(), both.matches("\r\n").count());
        }
        // Merging what was merged again changes nothing.
        prop_assert_eq!(merge(&both, &both, &both).merged_if_clean(), Some(both.clone()));
        prop_assert_eq!(merge(&theirs, &both, &theirs).merged_if_clean(), Some(both));
    }
}
