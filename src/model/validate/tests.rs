//! Tests of the checks and layouts.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn place(format: ValueFormat, text: &str) -> Option<(usize, usize)> {
    validate(format, text).err().map(|issue| (issue.line, issue.column))
}

#[test]
fn mistakes_are_named_with_line_and_column() {
    assert_eq!(place(ValueFormat::Json, "{\n  \"é\": 1,\n}"), Some((3, 1)));
    assert_eq!(place(ValueFormat::Yaml, "a: 1\nb: [1, 2\nc: 3\n"), Some((3, 2)));
    assert_eq!(place(ValueFormat::Toml, "a = 1\nb = \n"), Some((2, 5)));
    assert_eq!(place(ValueFormat::Xml, "<a>\n  <b></c>\n</a>"), Some((2, 6)));
    assert_eq!(place(ValueFormat::Properties, "# \\u1 is fine here\na=\\u12\n"), Some((2, 3)));
    assert_eq!(place(ValueFormat::Shell, "echo\necho 'a"), Some((2, 6)));
}

#[test]
fn what_is_right_passes() {
    let right = [
        (ValueFormat::Yaml, "a: 1 # c\n---\nb: [1, {c: d}]\n"),
        (ValueFormat::Yaml, "a: &x {b: 1}\nc: *x\n"),
        (ValueFormat::Toml, "a = 1 # c\n[t.u]\nd = 2026-01-01\n"),
        (ValueFormat::Xml, "<?xml version=\"1.0\"?>\n<!-- c --><a b=\"1\">&amp;&#65;<![CDATA[<]]></a>\n"),
        (ValueFormat::Xml, "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"),
        (ValueFormat::Properties, "a=\\u0041\\\n  b\n! c\n"),
        (ValueFormat::Plain, "{"),
    ];
    for (format, text) in right {
        assert_eq!(validate(format, text), Ok(()), "{text}");
    }
}

#[test]
fn xml_that_is_not_well_formed_is_refused() {
    for text in [
        "",
        "a",
        "<a>",
        "<a/><b/>",
        "<a b='1' b='2'/>",
        "<a>&x;</a>",
        "<a>&#x110000;</a>",
        "<a></b>",
        "<a/>x",
        "<",
    ] {
        assert!(validate(ValueFormat::Xml, text).is_err(), "{text}");
    }
}

#[test]
fn layouts_lose_nothing() {
    let toml = "# head\n[a]\nb=1 # one\n  c   =   [ 1,\n 2 ] # two\nd.e='x  '\nt={x=1}\ns = \"\"\"\nkeep  \n\"\"\"\n";
    assert_eq!(
        format_text(ValueFormat::Toml, toml).as_deref(),
        Ok(
            "# head\n[a]\nb = 1 # one\n  c = [ 1,\n 2 ] # two\nd.e = 'x  '\nt = {x=1}\ns = \"\"\"\nkeep  \n\"\"\"\n"
        )
    );
    assert_eq!(format_text(ValueFormat::Yaml, "a: 1  \n# c \n\n\n").as_deref(), Ok("a: 1\n# c\n"));
    assert!(format_text(ValueFormat::Yaml, "a: |\n  b  \n  c\n").is_err());
    assert_eq!(format_text(ValueFormat::Properties, "a=b \n\n\n").as_deref(), Ok("a=b \n"));
    assert!(format_text(ValueFormat::Plain, "a").is_err());
}

#[test]
fn layouts_keep_line_ends_and_white_space_that_is_a_value() {
    let toml =
        "a=1\r\n[t]\r\n'x y'\t=\"\"\"\r\nb=2\r\n\"\"\"\nd.e . f=1 # =\r\ni = {g=1}\n[[l]]\nh=[ 1,\r\n2 ]";
    let laid_out = "a = 1\r\n[t]\r\n'x y' = \"\"\"\r\nb=2\r\n\"\"\"\nd.e . f = 1 # =\r\ni = {g=1}\n[[l]]\nh = [ 1,\r\n2 ]";
    assert_eq!(format_text(ValueFormat::Toml, toml).as_deref(), Ok(laid_out));
    let xml = "<a>\n  <sep> </sep>\n  <tab>\t</tab>\n  <none></none>\n</a>";
    assert_eq!(format_text(ValueFormat::Xml, xml).as_deref(), Ok(xml));
    let shell = "cat <<EOF\nlines\n\n\n";
    assert_eq!(format_text(ValueFormat::Shell, shell).as_deref(), Ok(shell), "they are in the document");
}

#[test]
fn repeated_yaml_keys_are_found() {
    assert!(validate(ValueFormat::Yaml, "a: 1\nb:\n  c: 1\n  c: 2\n").is_err());
    let deep: String = (0..200).map(|depth| " ".repeat(depth) + "a:\n").collect();
    assert_eq!(validate(ValueFormat::Yaml, &deep), Ok(()));
}

#[test]
fn xml_is_laid_out_where_white_space_means_nothing() {
    let layout = |text| format_text(ValueFormat::Xml, text);
    assert_eq!(
        layout(
            "<?xml version='1.0'?><!-- c\n d --><a  x='1'><b/><c></c><d>text <i>in</i>\n line</d></a>\n\n"
        )
        .as_deref(),
        Ok(
            "<?xml version='1.0'?>\n<!-- c\n d -->\n<a  x='1'>\n  <b/>\n  <c></c>\n  <d>text <i>in</i>\n line</d>\n</a>\n"
        )
    );
    assert_eq!(
        layout("<a>\r\n\t<b><c/>\r\n\r\n\r\n<d/></b>\r\n\r\n</a>").as_deref(),
        Ok("<a>\r\n\t<b>\r\n\t\t<c/>\r\n\r\n\t\t<d/>\r\n\t</b>\r\n</a>")
    );
    let kept = "<a>\n  <p xml:space=\"preserve\"> <b/> </p>\n  <q><![CDATA[ ]]> &amp;</q>\n</a>";
    assert_eq!(layout(kept).as_deref(), Ok(kept));
    assert!(layout(&("<a>".repeat(20_000) + &"</a>".repeat(20_000))).is_err());
}

#[test]
fn hostile_texts_are_checked_in_bounded_time() {
    let texts = [
        "[".repeat(1_500_000),
        "{".repeat(10_000) + &"}".repeat(10_000),
        "{\"a\":".repeat(10_000),
        "- ".repeat(400_000),
        "? ".repeat(100_000),
        "a: &a [*a, *a]\n".repeat(50_000),
        "<a>".repeat(400_000),
        format!("<a {}/>", (0..100_000).map(|at| format!("a{at}='' ")).collect::<String>()),
        format!("<a {}/>", (0..5_000).map(|at| format!("a{at}='' ")).collect::<String>()),
        "&lol;".repeat(200_000),
        "a.".repeat(500_000) + "b = 1",
        "a = [".repeat(10_000),
        "[[a]]\n".repeat(100_000),
        (0..100_000).map(|at| format!("k{at} = {{ a = 1 }}\n")).collect::<String>(),
        "'".repeat(1_000_001),
        "$(\"".repeat(300_000),
        "<<A\n".repeat(200_000),
        "\\u".repeat(500_000),
        "!!a ".repeat(200_000),
        "key: |\n".to_owned() + &" x\n".repeat(300_000),
        "---\n".repeat(300_000),
        "--- [\n".repeat(100_000),
        "%TAG ! !\n".repeat(100_000),
        "&a ".repeat(300_000),
        "? a\n".repeat(100_000),
        "- &a a\n- *a\n".repeat(60_000),
        ": ".repeat(300_000),
        "\"\\\n".repeat(300_000),
        "'\n".repeat(400_000),
        "[a]\n".repeat(200_000),
        (0..60_000).map(|at| format!("[a.b{at}]\n")).collect::<String>(),
        "a.b.c = 1\n".repeat(60_000),
        "\"\"\"".repeat(200_000),
        "<?x ".repeat(200_000),
        "<!DOCTYPE ".repeat(100_000),
        "<!DOCTYPE a [".to_owned() + &"<!ENTITY a \"&b;\">".repeat(50_000) + "]><a/>",
        "<!--".repeat(250_000),
        "<![CDATA[".repeat(100_000),
        "<a b=\"".repeat(150_000),
        "]]>".repeat(300_000),
        "\\".repeat(1_000_001),
        "\r".repeat(1_000_000),
        "\u{feff}".repeat(300_000),
        "{\"a\":".repeat(150_000) + &"}".repeat(150_000),
    ];
    for text in &texts {
        for format in ValueFormat::ALL {
            let started = Instant::now();
            drop(format_text(format, text));
            let took = started.elapsed();
            assert!(took < Duration::from_secs(8), "{format:?} {:?} took {took:?}", text.get(..12));
        }
    }
}

/// An XML element with what it holds, of at most three levels.
fn xml() -> impl Strategy<Value = String> {
    let leaf = r"(<b x='1 '/>|t&amp; u|<!-- c  -->|[ \n]{1,3}|<e></e>|<!\[CDATA\[ \]\]>){0,4}";
    let level = |inside: BoxedStrategy<String>| {
        (inside.clone(), leaf, inside)
            .prop_map(|(one, two, three)| format!("<a>{one}{two}</a>{three}"))
            .boxed()
    };
    let inside = level(level(leaf.prop_map(|text| text).boxed()));
    inside.prop_map(|text| format!("<root>{text}</root>"))
}

/// What an XML text says, without white space between elements.
fn xml_content(text: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut said = Vec::new();
    loop {
        match reader.read_event().expect("XML") {
            quick_xml::events::Event::Eof => return said,
            quick_xml::events::Event::Text(words) if words.trim_ascii().is_empty() => {}
            event => said.push(format!("{event:?}")),
        }
    }
}

proptest! {
    #[test]
    fn xml_says_the_same_after_its_layout(text in xml()) {
        let laid_out = format_text(ValueFormat::Xml, &text).expect("XML");
        prop_assert_eq!(xml_content(&laid_out), xml_content(&text));
        prop_assert_eq!(format_text(ValueFormat::Xml, &laid_out), Ok(laid_out));
    }

    #[test]
    fn any_text_is_checked(text in any::<String>(), marks in r#"[\[\]{}<>:=#"'&*!|%@`,?/\n \t\-.a1é]{0,80}"#) {
        for format in ValueFormat::ALL {
            drop((validate(format, &text), format_text(format, &marks)));
        }
    }

    #[test]
    fn toml_means_the_same_after_its_layout(
        pairs in proptest::collection::vec(("[a-z]{1,3}", " {0,2}", "[0-9]{1,2}|\"[a-z #=]{0,4}\"", " {0,2}(#[a-z =]{0,4})?"), 0..6)
    ) {
        let text: String = pairs.iter().enumerate()
            .map(|(at, (name, space, value, comment))| format!("{name}{at}{space}={space}{value}{comment}\n"))
            .collect();
        if validate(ValueFormat::Toml, &text).is_ok() {
            let laid_out = format_text(ValueFormat::Toml, &text).expect("TOML");
            let data = |text: &str| {
                let table = text.parse::<toml_edit::DocumentMut>().expect("TOML");
                let values = table.iter().map(|(key, item)| (key.to_owned(), item.as_str().map(str::to_owned), item.as_integer()));
                values.collect::<Vec<_>>()
            };
            prop_assert_eq!(data(&laid_out), data(&text));
            prop_assert_eq!(laid_out.matches('#').count(), text.matches('#').count());
        }
    }
}
