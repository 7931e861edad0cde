//! Whether a TLS server asks its clients for certificates.
//!
//! Under TLS 1.2 the server's first flight is readable, and a CertificateRequest in it tells. So a
//! ClientHello of that version is enough, and no handshake is completed. Format: RFC 5246, 7.3 and
//! 7.4; extensions: RFC 8422 and RFC 5246, 7.4.1.4.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::address::Address;
use super::probe::open;

const HANDSHAKE_RECORD: u8 = 22;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
/// More than any server's certificates.
const MOST_BYTES: usize = 256 << 10;

/// Asks; `None`: the server did not answer in TLS 1.2.
pub(super) async fn asks_for_certificate(address: &Address) -> Option<bool> {
    let mut stream = open(address).await.ok()?;
    stream.write_all(&hello()).await.ok()?;
    let mut flight = Vec::new();
    while flight.len() < MOST_BYTES {
        let mut header = [0; 5];
        stream.read_exact(&mut header).await.ok()?;
        if header[0] != HANDSHAKE_RECORD {
            return None;
        }
        let mut record = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        stream.read_exact(&mut record).await.ok()?;
        flight.extend_from_slice(&record);
        if let Some(answer) = verdict(&flight) {
            return Some(answer);
        }
    }
    None
}

/// What the messages so far tell.
fn verdict(flight: &[u8]) -> Option<bool> {
    let mut rest = flight;
    while let [kind, a, b, c, body @ ..] = rest {
        match *kind {
            CERTIFICATE_REQUEST => return Some(true),
            SERVER_HELLO_DONE => return Some(false),
            _ => {}
        }
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        rest = body.get(length..)?;
    }
    None
}

/// A ClientHello of TLS 1.2 with the usual suites and groups.
fn hello() -> Vec<u8> {
    const SUITES: [u16; 8] = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009c, 0x002f];
    const GROUPS: [u16; 3] = [0x001d, 0x0017, 0x0018];
    const SIGNATURES: [u16; 9] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0807];
    let list =
        |numbers: &[u16]| with_length(&numbers.iter().flat_map(|it| it.to_be_bytes()).collect::<Vec<_>>());
    let extension = |kind: u16, body: &[u8]| [&kind.to_be_bytes()[..], &with_length(body)].concat();
    let extensions = [
        extension(10, &list(&GROUPS)),
        extension(11, &[1, 0]),
        extension(13, &list(&SIGNATURES)),
        extension(0xff01, &[0]),
    ]
    .concat();
    let mut body = vec![3, 3];
    // Nothing is kept secret with it, so the random part need not be random.
    body.extend_from_slice(&[0x5e; 32]);
    body.push(0);
    body.extend(list(&SUITES));
    body.extend_from_slice(&[1, 0]);
    body.extend(with_length(&extensions));
    // A handshake message has a length of three bytes: ours begins with a zero.
    let message = [&[1, 0][..], &with_length(&body)].concat();
    [&[HANDSHAKE_RECORD, 3, 1][..], &with_length(&message)].concat()
}

/// The bytes behind their length in two bytes.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_a_certificate_is_found_behind_other_messages() {
        let server_hello = [2, 0, 0, 2, 9, 9];
        assert_eq!(verdict(&server_hello), None);
        assert_eq!(verdict(&[&server_hello[..], &[13, 0, 0, 0]].concat()), Some(true));
        assert_eq!(verdict(&[&server_hello[..], &[14, 0, 0, 0]].concat()), Some(false));
        assert_eq!(verdict(&[11, 0, 1, 0, 14, 0, 0, 0]), None);
    }
}
