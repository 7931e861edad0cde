//! What is missing on this Linux machine, as Debian's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Need;
use crate::run::{find_program, output_of};

/// Libraries that the window loads when it starts, with the packages that hold them.
const LIBRARIES: &[(&str, &str)] = &[
    ("libEGL.so.1", "libegl1"),
    ("libGL.so.1", "libgl1"),
    ("libX11-xcb.so.1", "libx11-xcb1"),
    ("libX11.so.6", "libx11-6"),
    ("libXcursor.so.1", "libxcursor1"),
    ("libXi.so.6", "libxi6"),
    ("libXrandr.so.2", "libxrandr2"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libvulkan.so.1", "libvulkan1"),
    ("libwayland-client.so.0", "libwayland-client0"),
    ("libwayland-cursor.so.0", "libwayland-cursor0"),
    ("libwayland-egl.so.1", "libwayland-egl1"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
];

/// Parts of the file names of fonts with Chinese characters.
const CHINESE_FONTS: &[&str] =
    &["cjk", "wqy", "droidsansfallback", "sourcehansans", "ukai", "uming", "misans", "lxgw"];

/// The packages that are missing for `need`.
pub fn missing_packages(need: Need) -> Vec<&'static str> {
    match need {
        Need::Protoc => protoc(),
        Need::WindowLibraries => window_libraries(),
        Need::VirtualScreen => programs(&[("Xvfb", "xvfb"), ("openbox", "openbox")]),
        Need::ProcessTools => programs(&[("ps", "procps"), ("kill", "procps")]),
        Need::ChineseFont if has_chinese_font() => Vec::new(),
        Need::ChineseFont => vec!["fonts-wqy-microhei"],
        // Unpacked, not installed: an installed etcd would start as a service.
        Need::Etcd | Need::OldEtcd => Vec::new(),
        // In a folder of its own, from Python's registry.
        Need::PythonEtcd3 => Vec::new(),
    }
}

/// The packages of those programs that are missing.
fn programs(wanted: &[(&str, &'static str)]) -> Vec<&'static str> {
    let missing = wanted.iter().filter(|(program, _)| find_program(program).is_none());
    missing.map(|(_, package)| *package).collect()
}

fn protoc() -> Vec<&'static str> {
    let chosen = std::env::var_os("PROTOC").map(PathBuf::from).filter(|path| path.is_file());
    let Some(program) = chosen.or_else(|| find_program("protoc")) else {
        return vec!["protobuf-compiler", "libprotobuf-dev"];
    };
    let beside = program.parent().and_then(Path::parent).map(|folder| folder.join("include"));
    let folders = beside.into_iter().chain(["/usr/include", "/usr/local/include"].map(PathBuf::from));
    let types = "google/protobuf/descriptor.proto";
    let has_types = folders.map(|folder| folder.join(types)).any(|file| file.is_file());
    if has_types { Vec::new() } else { vec!["libprotobuf-dev"] }
}

fn window_libraries() -> Vec<&'static str> {
    let mut missing: Vec<&str> = LIBRARIES
        .iter()
        .filter(|(library, _)| !known_libraries().contains(&format!("{library} ")))
        .map(|(_, package)| *package)
        .collect();
    if !any_file(&["/usr/lib", "/usr/lib64"], 3, |name| name.ends_with("_dri.so")) {
        missing.push("libgl1-mesa-dri");
    }
    let icd = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    if !any_file(&icd, 1, |name| name.ends_with(".json")) {
        missing.push("mesa-vulkan-drivers");
    }
    missing
}

/// What the dynamic linker knows; empty where that cannot be asked.
fn known_libraries() -> String {
    let program = find_program("ldconfig").unwrap_or_else(|| "ldconfig".into());
    output_of(Command::new(program).arg("-p")).unwrap_or_default()
}

fn has_chinese_font() -> bool {
    let home = std::env::var("HOME").unwrap_or_default();
    let own = [format!("{home}/.fonts"), format!("{home}/.local/share/fonts")];
    let folders = ["/usr/share/fonts", "/usr/local/share/fonts", own[0].as_str(), own[1].as_str()];
    any_file(&folders, 5, |name| {
        let name = name.to_lowercase().replace(['-', '_'], "");
        CHINESE_FONTS.iter().any(|part| name.contains(part))
    })
}

/// Whether a file whose name `wanted` accepts lies in one of the folders, `depth` levels deep.
fn any_file(folders: &[&str], depth: usize, wanted: impl Fn(&str) -> bool) -> bool {
    let mut open: Vec<(PathBuf, usize)> = folders.iter().map(|folder| (folder.into(), depth)).collect();
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            if wanted(&entry.file_name().to_string_lossy()) {
                return true;
            }
            if depth > 1 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push((entry.path(), depth - 1));
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_as_deep_as_asked() {
        let root = std::env::temp_dir().join(format!("xtask-check-{}", std::process::id()));
        let deep = root.join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("NotoSansCJK-Regular.ttc"), b"").unwrap();
        let folders = [root.to_str().unwrap()];
        assert!(any_file(&folders, 3, |name| name.contains("CJK")));
        assert!(!any_file(&folders, 2, |name| name.contains("CJK")));
        assert!(!any_file(&folders, 3, |name| name.contains("wqy")));
        assert!(!any_file(&["/nowhere/at/all"], 3, |_| true));
        std::fs::remove_dir_all(&root).unwrap();
    }
}
