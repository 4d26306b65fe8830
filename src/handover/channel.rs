//! Messages between processes of this program, and the files that go with them: one JSON object a
//! message, over a pair of Unix sockets that keeps messages apart.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One end.
#[derive(Debug)]
pub(super) struct Channel {
    socket: OwnedFd,
}

impl Channel {
    /// Both ends; programs that are started do not inherit them by themselves.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (mine, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        Ok((Self { socket: mine }, theirs))
    }

    /// The end that this process was started with, as its standard input; nothing stays there.
    ///
    /// # Errors
    /// What the system said; an input that is no such socket is found out by the first message.
    pub(super) fn inherited() -> io::Result<Self> {
        let socket = io::stdin().as_fd().try_clone_to_owned()?;
        let nothing = std::fs::File::open("/dev/null")?;
        rustix::stdio::dup2_stdin(nothing)?;
        Ok(Self { socket })
    }

    /// Sends a message with files; the other side gets files of its own.
    ///
    /// # Errors
    /// What the kernel said, as that the other side has gone.
    pub(super) fn send(
        &self,
        message: &impl Serialize,
        files: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let text = serde_json::to_vec(message)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(files)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let parts = [IoSlice::new(&text)];
        again(|| sendmsg(&self.socket, &parts, &mut control, SendFlags::NOSIGNAL))?;
        Ok(())
    }

    /// The next message and its files; `None` if the other side has gone.
    ///
    /// # Errors
    /// What the kernel said; [`io::ErrorKind::InvalidData`] if it is no message of this kind.
    pub(super) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut text = vec![0; LONGEST];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut text)];
        let received = again(|| {
            recvmsg(
                &self.socket,
                &mut parts,
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            )
        })?;
        let mut files = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                files.extend(rights);
            }
        }
        if received.bytes == 0 {
            return Ok(None);
        }
        let cut = ReturnFlags::TRUNC | ReturnFlags::CTRUNC;
        if received.flags.intersects(cut) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let message = serde_json::from_slice(&text[..received.bytes])?;
        Ok(Some((message, files)))
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Waits until one of the files can be read or has ended, but not beyond `end`; tells which. None of
/// them if the time is over.
pub(super) fn wait_for<const FILES: usize>(
    files: [BorrowedFd<'_>; FILES],
    end: Option<Instant>,
) -> io::Result<[bool; FILES]> {
    let mut polled = files.map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN));
    loop {
        let left = end.map(|end| timespec(end.saturating_duration_since(Instant::now())));
        match poll(&mut polled, left.as_ref()) {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(_) => return Ok(polled.map(|file| !file.revents().is_empty())),
        }
    }
}

fn timespec(left: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    }
}

fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}

/// Files that go with one message; the kernel takes 253 (`SCM_MAX_FD` in `include/net/scm.h`).
pub(super) const MOST_FILES: usize = 128;

/// Bytes of a message.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write, pipe};

    #[test]
    fn a_message_arrives_with_files_that_work() {
        let (mine, theirs) = Channel::pair().unwrap();
        let theirs = Channel { socket: theirs };
        let (mut reader, writer) = pipe().unwrap();
        mine.send(&"words", &[writer.as_fd()]).unwrap();
        drop(writer);
        let (words, files): (String, _) = theirs.receive().unwrap().unwrap();
        assert_eq!(words, "words");
        let [file] = <[OwnedFd; 1]>::try_from(files).unwrap();
        std::fs::File::from(file).write_all(b"through").unwrap();
        let mut through = String::new();
        reader.read_to_string(&mut through).unwrap();
        assert_eq!(through, "through");
    }

    #[test]
    fn the_end_of_the_other_side_and_what_is_no_message_are_told_apart() {
        let (mine, theirs) = Channel::pair().unwrap();
        rustix::io::write(&theirs, b"rubbish").unwrap();
        let error = mine.receive::<u32>().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        drop(theirs);
        assert!(mine.receive::<u32>().unwrap().is_none());
    }

    #[test]
    fn waiting_ends_with_the_time_or_with_a_message() {
        let (mine, theirs) = Channel::pair().unwrap();
        let now = Some(Instant::now());
        assert_eq!(wait_for([mine.as_fd()], now).unwrap(), [false]);
        drop(theirs);
        assert_eq!(wait_for([mine.as_fd()], None).unwrap(), [true]);
    }
}
