use proptest::prelude::*;

use super::*;
use crate::model::record::KeyMeta;

fn record(key: &[u8], value: &[u8], meta: KeyMeta) -> KeyRecord {
    KeyRecord { key: key.into(), meta, value: Some(value.into()) }
}

fn plain(key: &[u8], value: &[u8]) -> KeyRecord {
    record(key, value, KeyMeta { create_revision: 2, mod_revision: 3, version: 2, lease: 0 })
}

fn header() -> ExportHeader {
    let prefix = b"/\xff\"".to_vec();
    ExportHeader { cluster_id: 0xcdf8_1819_4e3a_8c32, revision: 42, prefix, only_key: false, partial: false }
}

fn write(format: ExportFormat, records: &[KeyRecord]) -> Vec<u8> {
    let mut writer = ExportWriter::new(Vec::new(), format, &header()).expect("a header");
    for record in records {
        writer.write(record).expect("an entry");
    }
    let (bytes, written) = writer.finish().expect("an end");
    assert_eq!(bytes.len() as u64, written);
    bytes
}

/// What this YAML reader makes of a key or value of ours: it leaves `!!binary` in base64 (others
/// decode it).
fn as_yaml_reads(bytes: &[u8]) -> String {
    use base64::Engine;
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => base64::engine::general_purpose::STANDARD.encode(bytes),
    }
}

fn assert_yaml(bytes: &[u8], records: &[KeyRecord]) {
    let document: serde_yaml_ng::Mapping = serde_yaml_ng::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)));
    assert_eq!(document.len(), records.len());
    for ((key, value), record) in document.iter().zip(records) {
        assert!(key.as_str() == Some(&as_yaml_reads(&record.key)), "{key:?} for {:?}", record.key);
        let expected = as_yaml_reads(record.value.as_deref().unwrap_or_default());
        assert!(value.as_str() == Some(&expected), "{value:?} for {expected:?}");
    }
}

fn nasty() -> Vec<KeyRecord> {
    let long_key = vec![b'k'; 64 * 1024];
    let texts: Vec<&[u8]> = vec![
        b"",
        b" ",
        b"\0",
        b"\xff\xfe",
        b"~",
        b"null",
        b"Yes",
        b"0x10",
        b"1e3",
        b".5",
        b"-",
        b"- a",
        b"a: b",
        b"a #b",
        b"#",
        b"!tag",
        b"&a",
        b"*a",
        b"|",
        b">",
        b"%YAML",
        b"---",
        b"...",
        b"'",
        b"\"",
        b"\\",
        b"\n",
        b"\n\n",
        b"a\nb",
        b"a\nb\n",
        b"a\nb\n\n",
        b"\na\n b",
        b"  a\nb",
        b"a\n\tb",
        b"\ta\nb",
        b"a \nb  \n",
        b"a\r\nb\r\n",
        b"a\rb",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"\xef\xbb\xbfbom",
        b"\xe2\x80\xaertl",
        b"\x1b[31m",
        "配置/中文".as_bytes(),
        "👩‍👩‍👧".as_bytes(),
        b"//",
        b"a//b/",
        b"a:",
        b"a ",
        b"key: |",
        b"---\na\n...\nb\n",
        b"<<",
        b"=",
        b"[a]",
        b"{a}",
        b"a, b",
        b"`",
        b"@a",
        b"?",
        b"? a",
        b"\x7f",
        b"2001-01-01",
        b"\n ",
        b" \n",
        b"a\n \n",
    ];
    let mut records: Vec<KeyRecord> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| plain(format!("k{index:02}").as_bytes(), text))
        .collect();
    let mut keys: Vec<&[u8]> = texts.clone();
    keys.sort_unstable();
    records.extend(keys.iter().map(|key| plain(&[key, b"\x01".as_slice()].concat(), b"v")));
    records.extend(keys.iter().map(|key| plain(key, key)));
    records.push(plain(&long_key, &long_key));
    records
}

#[test]
fn nasty_keys_and_values_come_back_byte_exact_from_json() {
    let records = nasty();
    let read = read_json_export(write(ExportFormat::Json, &records).as_slice()).expect("an export");
    assert_eq!(read.header, header());
    assert_eq!(read.records, records);
}

#[test]
fn nasty_keys_and_values_come_back_byte_exact_from_yaml() {
    let records = nasty();
    assert_yaml(&write(ExportFormat::Yaml, &records), &records);
}

#[test]
fn json_has_one_key_a_line_and_full_ids() {
    let meta = KeyMeta { create_revision: 7, mod_revision: 9, version: 3, lease: 0x694d_8b0c_3e4a_1f02 };
    let text =
        String::from_utf8(write(ExportFormat::Json, &[record(b"/a", b"x", meta), plain(b"\xff", b"\0\xff")]));
    let text = text.expect("UTF-8");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            r#"{"etcdscope":1,"cluster_id":"cdf818194e3a8c32","revision":42,"prefix_base64":"L/8i","keys":["#,
            r#"{"key":"/a","value":"x","create_revision":7,"mod_revision":9,"version":3,"lease":"694d8b0c3e4a1f02"},"#,
            r#"{"key_base64":"/w==","value_base64":"AP8=","create_revision":2,"mod_revision":3,"version":2,"lease":"0"}"#,
        ]
    );
    let end = lines[3].strip_prefix(r#"],"sha256":""#).and_then(|rest| rest.strip_suffix("\"}"));
    assert!(end.is_some_and(|hash| hash.len() == 64), "{}", lines[3]);
    assert_eq!(lines.len(), 4);
}

#[test]
fn an_export_of_a_part_says_so() {
    let partial = ExportHeader { partial: true, ..header() };
    for format in [ExportFormat::Json, ExportFormat::Yaml] {
        let mut writer = ExportWriter::new(Vec::new(), format, &partial).expect("a header");
        writer.write(&plain(b"a", b"1")).expect("an entry");
        let (bytes, _) = writer.finish().expect("an end");
        match format {
            ExportFormat::Json => {
                assert_eq!(read_json_export(bytes.as_slice()).expect("an export").header, partial);
                let text = String::from_utf8(bytes).expect("UTF-8");
                let whole = text.replace("\"partial\":true,", "");
                assert!(text != whole && read_json_export(whole.as_bytes()).is_err(), "{text}");
            }
            ExportFormat::Yaml => {
                let text = String::from_utf8(bytes).expect("UTF-8");
                assert!(text.contains("# only what the user may read"), "{text}");
            }
        }
    }
}

#[test]
fn yaml_is_readable() {
    let records = [
        plain(b"/config/a", b"server:\n  port: 80\n"),
        plain(b"/config/b", b"{\"level\":\"INFO\"}"),
        plain(b"/config/c", b"hello world"),
        plain(b"/config/d", b"8080"),
        plain(b"/config/e", b"\xff\x00"),
    ];
    let text = String::from_utf8(write(ExportFormat::Yaml, &records)).expect("UTF-8");
    assert_eq!(
        text,
        "# etcdscope export, cluster cdf818194e3a8c32, revision 42\n\
         # prefix !!binary \"L/8i\"\n\
         /config/a: |\n  server:\n    port: 80\n\
         /config/b: '{\"level\":\"INFO\"}'\n\
         /config/c: hello world\n\
         /config/d: \"8080\"\n\
         /config/e: !!binary \"/wA=\"\n"
    );
}

#[test]
fn an_export_of_nothing_is_valid() {
    assert_eq!(read_json_export(write(ExportFormat::Json, &[]).as_slice()).expect("JSON").records, []);
    assert_yaml(&write(ExportFormat::Yaml, &[]), &[]);
}

#[test]
fn a_cut_or_changed_export_is_refused_with_its_place() {
    let bytes = write(ExportFormat::Json, &[plain(b"a", b"1"), plain(b"b", b"2")]);
    for length in 0..bytes.len() - 2 {
        let fault = read_json_export(&bytes[..length]).expect_err("cut off");
        assert_eq!(fault.kind, FaultKind::Invalid);
        assert!(fault.detail.contains("line"), "{fault}");
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    let twice = text.replace("\"value\":\"2\"", "\"value\":\"2\",\"value_base64\":\"Mg==\"");
    assert!(read_json_export(twice.as_bytes()).expect_err("given twice").detail.contains("keys[1].value"));
    let changed = text.replace("\"value\":\"2\"", "\"value\":\"3\"");
    assert!(read_json_export(changed.as_bytes()).expect_err("changed").detail.contains("sha256"));
    let newer = text.replace("\"etcdscope\":1", "\"etcdscope\":2");
    assert!(read_json_export(newer.as_bytes()).expect_err("another format").detail.contains("format 2"));
}

#[test]
fn a_key_without_its_value_is_refused() {
    let mut writer = ExportWriter::new(Vec::new(), ExportFormat::Json, &header()).expect("a header");
    let fault = writer.write(&KeyRecord { value: None, ..plain(b"a", b"") }).expect_err("no value");
    assert_eq!(fault.kind, FaultKind::Invalid);
}

#[test]
fn a_dropped_export_leaves_nothing_and_the_old_file_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export.json");
    std::fs::write(&path, "old").expect("the old file");
    let mut file = ExportFile::create(&path, ExportFormat::Json, &header()).expect("a start");
    for number in 0..10_000_u32 {
        file.write(&plain(&number.to_be_bytes(), &[7; 100])).expect("an entry");
    }
    drop(file);
    assert_eq!(std::fs::read(&path).expect("still there"), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_finished_export_replaces_the_old_file_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export.json");
    std::fs::write(&path, "old").expect("the old file");
    let mut file = ExportFile::create(&path, ExportFormat::Json, &header()).expect("a start");
    file.write(&plain(b"a", b"1")).expect("an entry");
    let report = file.finish().expect("an end");
    assert_eq!((report.keys, report.revision, &report.path), (1, 42, &path));
    assert_eq!(report.size_bytes, std::fs::metadata(&path).expect("there").len());
    let read = read_json_export(std::fs::File::open(&path).expect("readable")).expect("an export");
    assert_eq!(read.records, [plain(b"a", b"1")]);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_device_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
    std::fs::write(&real, "old").expect("the old file");
    std::os::unix::fs::symlink(&real, &link).expect("a link");
    ExportFile::create(&link, ExportFormat::Json, &header()).expect("a start").finish().expect("an end");
    assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
    assert!(read_json_export(std::fs::File::open(&real).expect("readable")).is_ok());

    for path in [Path::new("/dev/null"), folder.path()] {
        let fault = ExportFile::create(path, ExportFormat::Json, &header()).expect_err("no regular file");
        assert_eq!(fault.kind, FaultKind::File);
    }
}

/// A disk that is full after some bytes.
struct FullDisk(usize);

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let count = bytes.len().min(self.0);
        self.0 -= count;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_named_wherever_it_fills_up() {
    for format in [ExportFormat::Json, ExportFormat::Yaml] {
        let records = [plain(b"a", b"1"), plain(b"b", b"x\ny")];
        let whole = write(format, &records).len();
        for room in 0..whole {
            let attempt = || -> Result<(), Fault> {
                let mut writer = ExportWriter::new(FullDisk(room), format, &header())?;
                for record in &records {
                    writer.write(record)?;
                }
                writer.finish().map(|_| ())
            };
            assert_eq!(attempt().expect_err("no room").kind, FaultKind::DiskFull, "{format:?} at {room}");
        }
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "\\PC{0,30}".prop_map(String::into_bytes),
        "[ \\t\\n\\r:#'\"|>a\\-{}\\[\\]]{0,20}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<char>(), 0..20)
            .prop_map(|c| c.into_iter().collect::<String>().into_bytes()),
    ]
}

proptest! {
    #[test]
    fn any_keys_and_values_come_back(
        pairs in proptest::collection::btree_map(bytes(), bytes(), 0..8),
        lease in any::<i64>(), mod_revision in 0..i64::MAX,
    ) {
        let meta = KeyMeta { create_revision: 2, mod_revision, version: 1, lease: lease & i64::MAX };
        let records: Vec<_> = pairs.iter().map(|(key, value)| record(key, value, meta)).collect();
        let read = read_json_export(write(ExportFormat::Json, &records).as_slice()).expect("an export");
        prop_assert_eq!(read.records, records.clone());
        assert_yaml(&write(ExportFormat::Yaml, &records), &records);
    }

    /// A file with one byte changed says the same as before (in other words), or is refused.
    #[test]
    fn no_changed_byte_goes_unnoticed(
        pairs in proptest::collection::btree_map(bytes(), bytes(), 0..5),
        at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let records: Vec<_> = pairs.iter().map(|(key, value)| plain(key, value)).collect();
        let mut file = write(ExportFormat::Json, &records);
        let place = at.index(file.len());
        if cut {
            file.truncate(place);
        } else {
            file[place] = byte;
        }
        match read_json_export(file.as_slice()) {
            Ok(read) => {
                prop_assert_eq!(read.records, records);
                prop_assert_eq!(read.header, header());
            }
            Err(fault) => prop_assert_eq!(fault.kind, FaultKind::Invalid),
        }
    }
}
