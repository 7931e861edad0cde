//! Keys and values that nobody wrote by hand, and that a console meets all the same.

#![allow(dead_code, reason = "not every program that takes the lists needs each of them")]

/// A key of 64 KiB: etcd takes it.
pub const LONG_KEY: usize = 64 * 1024;

/// Keys, each with a word for what is nasty about it.
pub fn keys() -> Vec<(&'static str, Vec<u8>)> {
    let marks = "\u{301}".repeat(500);
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("NUL", b"\0".to_vec()),
        ("NUL inside", b"nul/a\0b/c".to_vec()),
        ("not UTF-8", b"\xff\xfe".to_vec()),
        ("not UTF-8 in folders", b"/bytes/\xff/\xc3\x28/\xf0\x9f".to_vec()),
        ("a cut character", b"cut/\xe9\x94".to_vec()),
        ("only ff", vec![0xff; 9]),
        ("a separator", b"/".to_vec()),
        ("two separators", b"//".to_vec()),
        ("empty names", b"///empty//names///".to_vec()),
        ("ends with the separator", b"/ends/".to_vec()),
        ("in the folder of that name", b"/ends/here".to_vec()),
        ("no leading separator", b"ends/here".to_vec()),
        ("leaf and folder", b"/both".to_vec()),
        ("below a leaf", b"/both/below".to_vec()),
        ("named like its folder", b"/both/".to_vec()),
        ("64 KiB", [b"long/".as_slice(), &vec![b'x'; LONG_KEY - 5]].concat()),
        ("64 KiB of separators", vec![b'/'; LONG_KEY - 1]),
        ("64 KiB not UTF-8", [b"long/".as_slice(), &vec![0xfe; LONG_KEY - 6]].concat()),
        ("1,000 levels", b"d/".repeat(1_000)),
        ("right to left", text("rtl/\u{202e}gnp.exe")),
        ("Arabic and Hebrew", text("rtl/مفتاح/מפתח/1")),
        ("isolates", text("rtl/\u{2066}a\u{2067}b\u{2069}")),
        ("terminal escapes", b"esc/\x1b[31;1mred\x1b]0;title\x07\x1b[2J".to_vec()),
        ("8-bit escapes", text("esc/\u{9b}31m\u{85}")),
        ("line ends", b"esc/a\nb\r\nc\rd".to_vec()),
        ("zero width", text("zero/\u{200b}\u{200d}\u{feff}\u{2060}")),
        ("looks like another", text("zero/a\u{feff}")),
        ("the other", text("zero/a")),
        ("combining flood", text(&format!("marks/a{marks}"))),
        ("a mark first", text(&format!("marks/{marks}"))),
        ("emoji joined", text("emoji/👩‍👩‍👧‍👦/🏳️‍🌈")),
        ("no characters", text("non/\u{ffff}\u{fdd0}\u{10ffff}")),
        ("spaces", text(" \u{a0}\u{3000}\t/ ")),
        ("format signs", text("{}%s%n${x}`rm`$(rm)")),
        ("backslashes", text(r"back\\slash/\x00\u{202e}\")),
        ("quotes", text("quo'te/\"\"/`")),
        ("a path", text("../../../etc/passwd")),
        ("a flag", text("--prefix")),
        ("markup", text("<script>alert(1)</script>/&amp;/[a](b)/**b**")),
        ("a lease of its own", text("locks/x/694d8b0c3e4a1f02")),
    ]
}

/// Values, each with a word for what is nasty about it.
pub fn values() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let marks = "\u{301}".repeat(10_000);
    vec![
        ("empty", Vec::new()),
        ("NUL", b"\0".to_vec()),
        ("not UTF-8", b"\xff\xfe\x00a".to_vec()),
        ("a cut character at the end", b"text \xe9\x94".to_vec()),
        ("every byte", (0..=255).collect()),
        ("1.5 MB of nothing", vec![0; 1_500_000]),
        ("1.5 MB of text", b"0123456789abcde\n".repeat(93_750)),
        ("JSON of 1 MB in one line", json_line(1 << 20)),
        ("JSON 10,000 deep", deep_json(10_000)),
        ("JSON open 10,000 times", b"{\"a\":[".repeat(5_000)),
        ("lone surrogates", text(r#"{"a":"\ud800","b":"\udc00\ud800","c":"\uD83D\uDE00"}"#)),
        ("numbers", text(r#"[1e400,-0,1.0,123456789012345678901234567890,0.1e-999]"#)),
        ("repeated names", text(r#"{"a":1,"a":2,"":{"":null}}"#)),
        ("JSON with a byte order mark", text("\u{feff}{\"a\": 1}")),
        ("line ends of all kinds", b"a\r\nb\nc\rd\r\r\n\n\re\r\n".to_vec()),
        ("carriage returns", b"\r".repeat(5_000)),
        ("CRLF throughout", b"a: 1\r\nb: 2\r\n".to_vec()),
        ("no final newline", b"a: 1\nb: 2".to_vec()),
        ("a line of 100,000 columns", [b"short\n".as_slice(), &b"x y ".repeat(25_000), b"\nshort"].concat()),
        ("100,000 empty lines", vec![b'\n'; 100_000]),
        ("right to left", text("if access == \u{202e}\"resu\" \u{2066}// admins\u{2069}{\nمرحبا שלום\n")),
        ("terminal escapes", b"\x1b[31;1mred\x1b[0m\x1b]0;title\x07\x1b[2J\x08\x08\x7f".to_vec()),
        ("zero width flood", text(&"\u{200b}\u{feff}\u{2060}".repeat(3_000))),
        ("combining flood", text(&format!("a{marks}b\nnext line"))),
        ("emoji joined", text(&"👩‍👩‍👧‍👦🏳️‍🌈".repeat(300))),
        ("no characters", text("\u{ffff}\u{fdd0}\u{10ffff}\u{e000}\u{2028}\u{2029}\u{85}")),
        ("protobuf of Kubernetes, broken", kubernetes_garbage()),
        ("varints without an end", vec![0xff; 300]),
        ("lengths beyond the end", b"\x0a\xff\xff\xff\xff\x0f\x12\x05ab".to_vec()),
        ("YAML bomb", yaml_bomb()),
        ("XML bomb", xml_bomb()),
        ("TOML deep", text(&format!("a = {}{}\n", "[".repeat(500), "]".repeat(500)))),
        ("properties with half an escape", text("a=\\u12\nb\\\n  c=d\\\n")),
        ("an open quote", text("#!/bin/sh\necho \"$(cat <<'EOF'\nit's")),
        ("an open string", text("\"never closed \\")),
        ("conflict marks", text("<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n")),
    ]
}

/// JSON of about this many bytes in one line.
fn json_line(bytes: usize) -> Vec<u8> {
    let mut text = String::from("{");
    for number in 0.. {
        text.push_str(&format!("\"key-{number}\":{{\"limit\":{number},\"on\":true,\"name\":\"服务\"}}"));
        if text.len() > bytes {
            break;
        }
        text.push(',');
    }
    text.push('}');
    text.into_bytes()
}

/// Arrays in arrays.
pub fn deep_json(depth: usize) -> Vec<u8> {
    [b"[".repeat(depth), b"]".repeat(depth)].concat()
}

/// What Kubernetes writes before its objects, and then anything.
fn kubernetes_garbage() -> Vec<u8> {
    let mut value = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\xff\xff\xff\xff\x07".to_vec();
    value.extend((0..4_000_u32).map(|at| (at * 7 + at / 13) as u8));
    value
}

fn yaml_bomb() -> Vec<u8> {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let before = format!("*a{}", level - 1);
        let refs = vec![before; 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    text.into_bytes()
}

fn xml_bomb() -> Vec<u8> {
    let mut text = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE a [\n<!ENTITY l0 \"lol\">\n");
    for level in 1..30 {
        let refs = format!("&l{};", level - 1).repeat(10);
        text.push_str(&format!("<!ENTITY l{level} \"{refs}\">\n"));
    }
    text.push_str("<!ENTITY file SYSTEM \"file:///etc/passwd\">\n]>\n<a>&l29;&file;</a>\n");
    text.into_bytes()
}
