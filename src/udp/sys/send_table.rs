//! The headers that one `sendmmsg` takes.

use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use super::super::cmsg;
use super::super::message::Message;
use super::super::stamps;
use super::checked;
use super::recv_table::empty_header;

/// Room for the messages of one call: allocated once, filled anew for every round.
pub(in crate::udp) struct SendTable {
    headers: Vec<libc::mmsghdr>,
    parts: Vec<libc::iovec>,
    controls: Vec<cmsg::Buffer>,
    /// How many of `headers` the present round has filled.
    filled: usize,
}

// SAFETY: outside a round no pointer in the table is followed, and a round borrows what it points
// to; so the table may go to another thread between rounds.
unsafe impl Send for SendTable {}

impl SendTable {
    pub(in crate::udp) fn new(messages: usize, parts: usize) -> Self {
        Self {
            headers: (0..messages).map(|_| empty_header()).collect(),
            parts: Vec::with_capacity(parts),
            controls: vec![cmsg::Buffer::zeroed(); messages],
            filled: 0,
        }
    }

    pub(in crate::udp) fn round<'payload>(&mut self) -> SendRound<'_, 'payload> {
        self.filled = 0;
        self.parts.clear();
        SendRound {
            table: self,
            next: 0,
            _borrowed: PhantomData,
        }
    }
}

/// The messages of one round. It borrows every payload and address that it points to.
pub(in crate::udp) struct SendRound<'table, 'payload> {
    table: &'table mut SendTable,
    /// The first message that the kernel has not taken.
    next: usize,
    _borrowed: PhantomData<&'payload [u8]>,
}

impl<'payload> SendRound<'_, 'payload> {
    /// Adds a message without payload; false if the table is full.
    pub(in crate::udp) fn push(&mut self, message: &Message<'payload>) -> bool {
        let table = &mut *self.table;
        let index = table.filled;
        if index == table.headers.len() {
            return false;
        }
        // SAFETY: `index` is below the number of headers, which is that of `controls`, and nobody
        // else refers to this element. Derived from the whole vector, since headers filled before
        // this one lead to its other elements.
        let control = unsafe { &mut *table.controls.as_mut_ptr().wrapping_add(index) };
        let mut control_length = cmsg::encode(control, message.from, message.segment);
        if message.stamped {
            control_length = stamps::encode_request(control, control_length);
        }
        let name = message.to.map_or(&[][..], |to| to.as_bytes());
        let header = &mut table.headers[index].msg_hdr;
        header.msg_name = if name.is_empty() {
            ptr::null_mut()
        } else {
            // The kernel only reads what a send names; msghdr serves both directions.
            name.as_ptr().cast_mut().cast()
        };
        header.msg_namelen = libc::socklen_t::try_from(name.len()).expect("28 bytes at most");
        header.msg_control = if control_length == 0 {
            ptr::null_mut()
        } else {
            control.0.as_mut_ptr().cast()
        };
        header.msg_controllen = control_length;
        header.msg_flags = 0;
        header.msg_iov = ptr::null_mut();
        header.msg_iovlen = 0;
        table.filled += 1;
        true
    }

    /// Adds bytes to the payload of the last message; false if there is no room or no message.
    pub(in crate::udp) fn extend(&mut self, part: &'payload [u8]) -> bool {
        let table = &mut *self.table;
        // Growing would move the vectors that earlier messages point to.
        if table.parts.len() == table.parts.capacity() || table.filled == 0 {
            return false;
        }
        table.parts.push(libc::iovec {
            iov_base: part.as_ptr().cast_mut().cast(),
            iov_len: part.len(),
        });
        let header = &mut table.headers[table.filled - 1].msg_hdr;
        if header.msg_iovlen == 0 {
            // The parts of a message lie side by side, from here on. Derived from the whole
            // vector, since the kernel reads past this element.
            header.msg_iov = table.parts.as_mut_ptr().wrapping_add(table.parts.len() - 1);
        }
        header.msg_iovlen += 1;
        true
    }

    /// How many more parts there is room for.
    pub(in crate::udp) fn room(&self) -> usize {
        self.table.parts.capacity() - self.table.parts.len()
    }

    /// Hands the kernel the messages that it has not taken yet; returns how many it took now.
    pub(in crate::udp) fn send(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        let waiting = &mut self.table.headers[self.next..self.table.filled];
        if waiting.is_empty() {
            return Ok(0);
        }
        let count = libc::c_uint::try_from(waiting.len()).unwrap_or(libc::c_uint::MAX);
        // SAFETY: walked argument by argument. `sockfd` is open for as long as it is borrowed.
        // `msgvec` is an array of at least `vlen` headers that `push` filled in this round. In
        // each, `msg_name` is null or leads to `msg_namelen` bytes borrowed for 'payload;
        // `msg_control` is null or leads to `msg_controllen` bytes of the table's own controls;
        // `msg_iov` leads to `msg_iovlen` vectors inside `parts`, which `extend` never lets grow
        // past its capacity, and each of them to bytes borrowed for 'payload. The kernel writes
        // nothing but `msg_len` of each header.
        let returned = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                waiting.as_mut_ptr(),
                count,
                libc::MSG_DONTWAIT,
            )
        };
        let taken = checked(returned)?;
        self.next += taken;
        Ok(taken)
    }

    /// How many messages the kernel has not taken.
    pub(in crate::udp) fn waiting(&self) -> usize {
        self.table.filled - self.next
    }
}
