//! The headers, addresses and buffers that one `recvmmsg` fills.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use super::super::address::RawAddress;
use super::super::cmsg;
use super::super::memory::Layout;
use super::super::message::Received;
use super::checked;

/// Slots for datagrams, with everything that the kernel writes about them.
///
/// The pointers between the vectors are set once: no vector is ever resized, so that none moves.
pub(in crate::udp) struct RecvTable {
    headers: Vec<libc::mmsghdr>,
    /// Pointed to by `headers`.
    vectors: Vec<libc::iovec>,
    names: Vec<RawAddress>,
    controls: Vec<cmsg::Buffer>,
    storage: Vec<u8>,
    received: Vec<Received>,
    layout: Layout,
}

// SAFETY: the raw pointers in `headers` and `vectors` lead only into vectors that the same value
// owns, so they go with it to another thread.
unsafe impl Send for RecvTable {}

impl RecvTable {
    pub(in crate::udp) fn new(layout: Layout) -> Self {
        let slots = layout.slots;
        let mut storage = vec![0; layout.storage_length()];
        let mut names = vec![RawAddress::unset(); slots];
        let mut controls = vec![cmsg::Buffer::zeroed(); slots];
        let mut vectors: Vec<libc::iovec> = storage
            .chunks_mut(layout.stride)
            .map(|slot| libc::iovec {
                iov_base: slot.as_mut_ptr().cast(),
                iov_len: layout.slot_size,
            })
            .collect();
        let headers = vectors
            .iter_mut()
            .zip(&mut names)
            .zip(&mut controls)
            .map(|((vector, name), control)| {
                let mut header = empty_header();
                header.msg_hdr.msg_name = name.buffer().as_mut_ptr().cast();
                header.msg_hdr.msg_iov = vector;
                header.msg_hdr.msg_iovlen = 1;
                header.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
                reset(&mut header);
                header
            })
            .collect();
        Self {
            headers,
            vectors,
            names,
            controls,
            storage,
            received: Vec::with_capacity(slots),
            layout,
        }
    }

    /// Takes what is queued, one datagram a slot, without waiting.
    pub(in crate::udp) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.call(socket, libc::MSG_DONTWAIT)
    }

    /// Takes what is on the error queue, one entry a slot, without waiting.
    pub(in crate::udp) fn receive_errors(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.call(socket, libc::MSG_DONTWAIT | libc::MSG_ERRQUEUE)
    }

    fn call(&mut self, socket: BorrowedFd<'_>, flags: libc::c_int) -> io::Result<usize> {
        // The kernel wrote back the lengths of the slots that it used (recvmmsg(2)).
        let used = self.headers.iter_mut().zip(&mut self.names);
        for (header, name) in used.take(self.received.len()) {
            reset(header);
            // Anew, since the name was written to from here meanwhile.
            header.msg_hdr.msg_name = name.buffer().as_mut_ptr().cast();
        }
        self.received.clear();
        let count = libc::c_uint::try_from(self.headers.len()).unwrap_or(libc::c_uint::MAX);
        // SAFETY: walked argument by argument. `sockfd` is open for as long as it is borrowed.
        // `msgvec` is an array of `vlen` headers, ours alone during the call. In each, `msg_name`
        // and `msg_control` are writable for `msg_namelen` and `msg_controllen` bytes (set by
        // `reset` to the sizes of their buffers), and `msg_iov` is one vector of a slot's length
        // inside `storage`; all four lie in vectors that this value owns, never resizes, and does
        // not borrow while the call lasts. Any bytes are valid in them. A null `timeout` is allowed.
        let returned = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                count,
                flags,
                ptr::null_mut(),
            )
        };
        let received = checked(returned)?;
        for slot in 0..received {
            let told = self.read_header(slot);
            self.received.push(told);
        }
        Ok(received)
    }

    pub(in crate::udp) fn received(&self) -> &[Received] {
        &self.received
    }

    pub(in crate::udp) fn peer(&self, slot: usize) -> &RawAddress {
        &self.names[slot]
    }

    pub(in crate::udp) fn payload(&self, slot: usize) -> &[u8] {
        let start = slot * self.layout.stride;
        &self.storage[start..start + self.received[slot].length as usize]
    }

    pub(in crate::udp) fn overwrite(&mut self, slot: usize, offset: usize, bytes: &[u8]) {
        let start = slot * self.layout.stride;
        let payload = &mut self.storage[start..][..self.received[slot].length as usize];
        payload[offset..offset + bytes.len()].copy_from_slice(bytes);
        // Anew, since the storage was written to from here meanwhile, and then the vectors.
        let slots = self.storage.chunks_mut(self.layout.stride);
        let vectors = self.vectors.iter_mut().zip(&mut self.headers);
        for (storage, (vector, header)) in slots.zip(vectors) {
            vector.iov_base = storage.as_mut_ptr().cast();
            header.msg_hdr.msg_iov = vector;
        }
    }

    /// The control messages in a slot that the last call filled.
    pub(in crate::udp) fn control(&self, slot: usize) -> &[u8] {
        assert!(slot < self.received.len(), "the last call filled the slot");
        let written = self.headers[slot].msg_hdr.msg_controllen;
        &self.controls[slot].0[..written.min(cmsg::CAPACITY)]
    }

    pub(in crate::udp) fn layout(&self) -> Layout {
        self.layout
    }

    fn read_header(&mut self, slot: usize) -> Received {
        let told = &self.headers[slot];
        let header = &told.msg_hdr;
        self.names[slot].set_len(header.msg_namelen as usize);
        let control = if header.msg_controllen == 0 {
            cmsg::Control::default()
        } else {
            let written = header.msg_controllen.min(cmsg::CAPACITY);
            cmsg::decode(&self.controls[slot].0[..written])
        };
        Received {
            // Without MSG_TRUNC among the flags of the call, this is the length that was copied.
            length: told.msg_len,
            truncated: header.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0,
            local: control.local,
            segment: control.segment,
            stamp: control.stamp,
        }
    }
}

/// Gives the kernel the whole room of a slot again.
fn reset(header: &mut libc::mmsghdr) {
    let name = libc::socklen_t::try_from(RawAddress::CAPACITY).expect("28 bytes");
    header.msg_hdr.msg_namelen = name;
    header.msg_hdr.msg_controllen = cmsg::CAPACITY;
    header.msg_hdr.msg_flags = 0;
}

pub(super) fn empty_header() -> libc::mmsghdr {
    // SAFETY: a mmsghdr is made of integers and raw pointers, for which zero is a value.
    unsafe { mem::zeroed() }
}
