//! The choice of a worker as a classic BPF program. Pure.
//!
//! The program returns the index of a socket of the group; an index that no socket has leaves the
//! choice to the kernel's hash (`reuseport_select_sock` in `net/core/sock_reuseport.c`).

use super::Steer;

/// One instruction, as `struct sock_filter` in `include/uapi/linux/filter.h` has it.
pub use libc::sock_filter as Instruction;

/// The program for `workers` sockets, of which socket i is read on processor `pinned[i]` if that
/// is known; `None` where the kernel's hash is what is wanted.
#[must_use]
pub fn program(steer: Steer, workers: u32, pinned: &[usize]) -> Option<Vec<Instruction>> {
    match steer {
        Steer::Hash => None,
        Steer::Cpu => Some(modulo(SKF_AD_CPU, workers)),
        Steer::Random => Some(modulo(SKF_AD_RANDOM, workers)),
        Steer::RxQueueCpu => Some(by_table(workers, pinned)),
    }
}

fn modulo(source: u32, workers: u32) -> Vec<Instruction> {
    vec![
        load(source),
        instruction(BPF_ALU | BPF_MOD | BPF_K, workers.max(1)),
        instruction(BPF_RET | BPF_A, 0),
    ]
}

/// A comparison and a return for each worker, then an index that no socket has.
fn by_table(workers: u32, pinned: &[usize]) -> Vec<Instruction> {
    let mut program = vec![load(SKF_AD_CPU)];
    for (worker, processor) in (0..workers).zip(pinned) {
        let Ok(processor) = u32::try_from(*processor) else {
            continue;
        };
        program.push(Instruction {
            // Otherwise skip the return.
            jf: 1,
            ..instruction(BPF_JMP | BPF_JEQ | BPF_K, processor)
        });
        program.push(instruction(BPF_RET | BPF_K, worker));
    }
    program.push(instruction(BPF_RET | BPF_K, u32::MAX));
    program
}

/// Loads what the kernel knows beside the bytes of the packet.
fn load(source: u32) -> Instruction {
    instruction(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF.wrapping_add(source))
}

fn instruction(code: u16, k: u32) -> Instruction {
    Instruction {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

// include/uapi/linux/bpf_common.h and filter.h.
const BPF_LD: u16 = 0x00;
const BPF_ALU: u16 = 0x04;
const BPF_JMP: u16 = 0x05;
const BPF_RET: u16 = 0x06;
const BPF_W: u16 = 0x00;
const BPF_ABS: u16 = 0x20;
const BPF_MOD: u16 = 0x90;
const BPF_JEQ: u16 = 0x10;
const BPF_K: u16 = 0x00;
const BPF_A: u16 = 0x10;
/// -0x1000 as the kernel reads it: an unsigned word.
const SKF_AD_OFF: u32 = 0xffff_f000;
const SKF_AD_CPU: u32 = 36;
const SKF_AD_RANDOM: u32 = 56;

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a program as the kernel would, with `value` for whatever it loads.
    fn run(program: &[Instruction], value: u32) -> u32 {
        let mut accumulator = 0;
        let mut next = 0;
        loop {
            let Instruction { code, jt, jf, k } = program[next];
            next += 1;
            match code {
                0x20 => accumulator = value,
                0x94 => accumulator %= k,
                0x15 => next += usize::from(if accumulator == k { jt } else { jf }),
                0x16 => return accumulator,
                0x06 => return k,
                other => panic!("unexpected instruction {other:#x}"),
            }
        }
    }

    #[test]
    fn the_hash_needs_no_program() {
        assert!(program(Steer::Hash, 4, &[]).is_none());
    }

    #[test]
    fn every_processor_has_a_worker() {
        let program = program(Steer::Cpu, 3, &[]).unwrap();
        for processor in 0..256 {
            assert_eq!(run(&program, processor), processor % 3);
        }
    }

    #[test]
    fn a_datagram_goes_to_the_worker_on_its_processor_or_to_none() {
        let program = program(Steer::RxQueueCpu, 3, &[4, 0, 7]).unwrap();
        assert_eq!(run(&program, 4), 0);
        assert_eq!(run(&program, 0), 1);
        assert_eq!(run(&program, 7), 2);
        assert_eq!(run(&program, 1), u32::MAX);
    }
}
