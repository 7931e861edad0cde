//! HTTP/2 frames in a stream of bytes: just enough to know which request an answer belongs to.

/// What the proxy tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Data,
    Headers,
    Other,
}

/// A frame that has been seen whole.
pub struct Frame {
    pub kind: Kind,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// Cuts one direction of a connection into frames.
pub struct Frames {
    /// Bytes of the preface that are still to come.
    preface: usize,
    rest: Vec<u8>,
}

impl Frames {
    /// The client's direction begins with a preface.
    pub fn new(from_client: bool) -> Self {
        const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        Self { preface: if from_client { PREFACE.len() } else { 0 }, rest: Vec::new() }
    }

    /// Takes bytes and returns the frames that are whole now.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Frame> {
        let skipped = self.preface.min(bytes.len());
        self.preface -= skipped;
        self.rest.extend_from_slice(&bytes[skipped..]);
        let mut frames = Vec::new();
        let mut at = 0;
        while let Some((length, kind, stream)) = header(&self.rest[at..])
            && let Some(payload) = self.rest.get(at + HEADER..at + HEADER + length)
        {
            frames.push(Frame { kind, stream, payload: payload.to_vec() });
            at += HEADER + length;
        }
        self.rest.drain(..at);
        frames
    }
}

const HEADER: usize = 9;

/// Payload's length, kind and stream of a frame (RFC 9113, 4.1).
fn header(bytes: &[u8]) -> Option<(usize, Kind, u32)> {
    let [a, b, c, kind, _flags, stream @ ..] = bytes.first_chunk::<HEADER>()?;
    let kind = match kind {
        0 => Kind::Data,
        1 => Kind::Headers,
        _ => Kind::Other,
    };
    let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
    Some((length, kind, u32::from_be_bytes(*stream) & 0x7fff_ffff))
}
