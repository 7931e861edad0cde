//! The system's file dialogs. They run beside the window, which never waits for them.

use poll_promise::Promise;

use super::App;
use crate::model::compare::CompareSource;
use crate::model::dialog::{ChosenFile, FileQuestion};

/// The dialog that is open, if one is.
pub(super) type Choosing = Option<(FileQuestion, Promise<Option<std::path::PathBuf>>)>;

impl App {
    /// Opens the system's dialog for a file, unless one is open already.
    pub(super) fn choose_file(&mut self, question: FileQuestion) {
        if self.choosing.is_some() {
            return;
        }
        let dialog = rfd::AsyncFileDialog::new();
        // The future is made here, on the window's thread, as macOS asks for, and waited for
        // elsewhere.
        let wait = match &question {
            FileQuestion::ExportTo(name) | FileQuestion::AuditTo(name) => {
                let answer = dialog.set_file_name(name).save_file();
                Promise::spawn_thread("file-dialog", move || {
                    pollster::block_on(answer).map(|file| file.path().to_path_buf())
                })
            }
            FileQuestion::CompareWith { .. } => {
                let answer = dialog.pick_file();
                Promise::spawn_thread("file-dialog", move || {
                    pollster::block_on(answer).map(|file| file.path().to_path_buf())
                })
            }
            FileQuestion::AuthorityFile | FileQuestion::CertificateFile | FileQuestion::KeyFile => {
                let answer = dialog.add_filter("PEM", &["pem", "crt", "cer", "key"]).pick_file();
                Promise::spawn_thread("file-dialog", move || {
                    pollster::block_on(answer).map(|file| file.path().to_path_buf())
                })
            }
        };
        self.choosing = Some((question, wait));
    }

    /// Takes over the answer of the file dialog; returns whether one is still open.
    pub(super) fn poll_file_dialog(&mut self) -> bool {
        let Some((question, wait)) = self.choosing.take() else { return false };
        match wait.try_take() {
            Ok(Some(path)) => {
                if let FileQuestion::CompareWith { session, key, side } = question {
                    self.compare_with(session, &key, vec![(side, CompareSource::File(path))]);
                    return false;
                }
                let serial = self.world.chosen_file.as_ref().map_or(1, |chosen| chosen.serial + 1);
                self.world.chosen_file = Some(ChosenFile { serial, question, path });
                false
            }
            Ok(None) => false,
            Err(wait) => {
                self.choosing = Some((question, wait));
                true
            }
        }
    }
}
