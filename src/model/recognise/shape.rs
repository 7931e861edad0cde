//! How the name of a leased key reads.

use super::name;
use crate::model::record::KeyMeta;

/// How the name of a leased key reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape<'k> {
    /// `<prefix>/<own lease>`; `decimal` where the lease is not written in hexadecimal, as etcd's
    /// own clients do.
    OwnLease { prefix: &'k [u8], decimal: bool },
    /// `<prefix>/read/<time>` or `<prefix>/write/<time>`: the read-write lock of etcd's recipes.
    ReadWrite { prefix: &'k [u8] },
    /// A key that stands alone.
    Single,
}

/// How a key reads. `separator` is the one of the profile; `/`, which etcd's own clients write, always separates
/// as well.
pub(super) fn shape<'k>(key: &'k [u8], meta: &KeyMeta, separator: u8) -> Shape<'k> {
    let Some((prefix, last)) = name::split(key, separator).filter(|(prefix, _)| !prefix.is_empty()) else {
        return Shape::Single;
    };
    if let Some(decimal) = name::written_lease(last, meta.lease) {
        return Shape::OwnLease { prefix, decimal };
    }
    if let Some((lock, b"read" | b"write")) = name::split(prefix, separator)
        && !lock.is_empty()
        && name::is_unix_nanos(last)
    {
        return Shape::ReadWrite { prefix: lock };
    }
    Shape::Single
}
