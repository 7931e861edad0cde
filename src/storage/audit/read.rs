//! Reading the log: parts of it, and whether the chain holds.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::{FILE, LAYOUT, database, head, rows};
use crate::model::audit::{AuditEntry, AuditPage, AuditQuery, ChainCheck, ChainHead, ChainState};
use crate::model::fault::Fault;
use crate::model::key_text::parse_key;

/// At most so many profiles are named.
const MOST_PROFILES: u32 = 200;
/// The last entry of each write: what was told of it last (a step of a plan may be asked for, or be
/// found done, once more by a process that goes on with it).
const ONE_FOR_EACH: &str = "(write_id = '' OR NOT EXISTS (SELECT 1 FROM entries later \
     WHERE later.write_id = entries.write_id AND later.number > entries.number))";

/// The reader's end of the log in a folder. It changes nothing.
#[derive(Debug)]
pub struct AuditReader {
    folder: PathBuf,
    /// `None`: there is no log yet.
    connection: Option<Connection>,
}

impl AuditReader {
    /// Opens the log in this folder.
    ///
    /// # Errors
    /// [`crate::model::fault::FaultKind::File`].
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(FILE);
        let connection = LAYOUT.open_to_read(&path).map_err(|trouble| trouble.fault(&path))?;
        Ok(Self { folder: folder.to_owned(), connection })
    }

    /// A part of the log, newest first. The chain is not looked at.
    ///
    /// # Errors
    /// [`crate::model::fault::FaultKind::File`].
    pub fn page(&self, query: &AuditQuery) -> Result<AuditPage, Fault> {
        let mut page = AuditPage { path: self.path().display().to_string(), ..AuditPage::default() };
        let Some(connection) = &self.connection else { return Ok(page) };
        self.read_page(connection, query, &mut page).map_err(|error| self.fault(&error))?;
        page.bytes = self.size_bytes();
        Ok(page)
    }

    /// Goes through what the query finds, oldest first. The query's `below` and `limit` do not matter.
    ///
    /// # Errors
    /// The database's fault, or what `each` answers.
    pub fn each(
        &self,
        query: &AuditQuery,
        each: impl FnMut(AuditEntry) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (condition, values) = condition(query, None);
        self.walk(&condition, values, each)
    }

    /// Goes through every entry, oldest first.
    ///
    /// # Errors
    /// The database's fault, or what `each` answers.
    pub fn every(&self, each: impl FnMut(AuditEntry) -> Result<(), Fault>) -> Result<(), Fault> {
        self.walk("TRUE", Vec::new(), each)
    }

    fn walk(
        &self,
        condition: &str,
        values: Vec<Value>,
        mut each: impl FnMut(AuditEntry) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some(connection) = &self.connection else { return Ok(()) };
        let words = format!("SELECT {} FROM entries WHERE {condition} ORDER BY number", rows::COLUMNS);
        let mut statement = connection.prepare(&words).map_err(|error| self.fault(&error))?;
        let mut found = statement.query(params_from_iter(values)).map_err(|error| self.fault(&error))?;
        while let Some(row) = found.next().map_err(|error| self.fault(&error))? {
            each(rows::entry(row).map_err(|error| self.fault(&error))?)?;
        }
        Ok(())
    }

    /// Goes through the whole log and tells whether it is what was written, and what its last entry is.
    ///
    /// # Errors
    /// [`crate::model::fault::FaultKind::File`].
    pub fn verify(&self) -> Result<(ChainState, ChainHead), Fault> {
        // The head first: entries that come meanwhile are behind it.
        let mut check = ChainCheck::new(head::read(&self.folder)?);
        self.every(|entry| {
            check.add(&entry);
            Ok(())
        })?;
        let last = check.last().clone();
        Ok((check.finish(), last))
    }

    /// The size of its files.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        database::bytes_on_disk(&self.path())
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn fault(&self, error: &rusqlite::Error) -> Fault {
        database::fault(&self.path(), error)
    }

    fn read_page(
        &self,
        connection: &Connection,
        query: &AuditQuery,
        page: &mut AuditPage,
    ) -> rusqlite::Result<()> {
        let total: i64 = connection.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
        page.total = total.cast_unsigned();
        let mut profiles = connection
            .prepare("SELECT DISTINCT profile FROM entries WHERE profile <> '' ORDER BY profile LIMIT ?1")?;
        page.profiles = profiles.query_map([MOST_PROFILES], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let (condition, mut values) = condition(query, query.below);
        values.push(Value::Integer(i64::from(query.limit) + 1));
        let words = format!(
            "SELECT {} FROM entries WHERE {condition} ORDER BY number DESC LIMIT ?{}",
            rows::COLUMNS,
            values.len()
        );
        let mut statement = connection.prepare(&words)?;
        let found = statement.query_map(params_from_iter(values), rows::entry)?;
        page.entries = found.collect::<Result<_, _>>()?;
        let limit = query.limit as usize;
        page.more = page.entries.len() > limit;
        page.entries.truncate(limit);
        Ok(())
    }
}

/// What is asked for, in SQL, with its values.
fn condition(query: &AuditQuery, below: Option<u64>) -> (String, Vec<Value>) {
    let mut words = vec![ONE_FOR_EACH.to_owned()];
    let mut values = Vec::new();
    let mut value = |value: Value| {
        values.push(value);
        format!("?{}", values.len())
    };
    if let Some(below) = below {
        let below = value(Value::Integer(i64::try_from(below).unwrap_or(i64::MAX)));
        words.push(format!("number < {below}"));
    }
    if let Some(operation) = query.operation {
        words.push(format!("operation = {}", value(Value::Text(operation.name().to_owned()))));
    }
    if let Some(profile) = &query.profile {
        words.push(format!("profile = {}", value(Value::Text(profile.clone()))));
    }
    if query.only_failed {
        words.push("outcome IN ('asked', 'conflict', 'refused', 'unknown')".to_owned());
    }
    let text = query.text.trim();
    if !text.is_empty() {
        let bytes = value(Value::Blob(parse_key(text).unwrap_or_else(|_| text.as_bytes().to_vec())));
        let lower = value(Value::Text(text.to_lowercase()));
        let contains = |column: &str| format!("instr(lower({column}), {lower}) > 0");
        let columns = ["CAST(key AS TEXT)", "CAST(source AS TEXT)", "profile", "user", "plan", "detail"];
        let anywhere: Vec<String> = columns.iter().map(|column| contains(column)).collect();
        words.push(format!("(instr(key, {bytes}) > 0 OR {})", anywhere.join(" OR ")));
    }
    (words.join(" AND "), values)
}
