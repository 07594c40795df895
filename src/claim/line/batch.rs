//! Lines packed into shared buffers. [`encoder`] writes a line, [`view`] reads it.
//!
//! [`encoder`]: crate::claim::line::encoder
//! [`view`]: crate::claim::line::view
//!
//! The text of a line is the concatenation of its procedure cells, its kept texts that are not empty, its diagnoses and its
//! modifiers. `ends` holds the end of each cell; the end of a diagnosis is followed by the number of its slot. These numbers have
//! 8 bits, except in a line whose text is longer than that: there each has 32, the lowest byte first.

use std::hint::black_box;
use std::ops::Range;

use crate::claim::line::head::Head;
use crate::claim::line::view::Line;
use crate::claim::value::code::CodeId;
use crate::steps;

/// Size in bytes at which a batch is full, whatever its number of lines, because cells may have any length.
pub(crate) const MAX_BATCH_BYTES: usize = 4 << 20;

/// Lines whose memory is asked for at once: as many as a processor core has requests under way.
const AHEAD: usize = 16;

/// Bytes that a processor fetches at once. The texts of a line that are asked for are in the first two pieces.
const CACHE_LINE: usize = 64;

/// Of so many lines at most one is looked at where lines are few.
const FEW: usize = 4;

/// Consecutive lines in shared buffers.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(crate) heads: Vec<Head>,
    /// For each line, the ends of its parts of `text`, `ends` and `known`.
    pub(crate) stops: Vec<[u32; 3]>,
    pub(crate) text: String,
    pub(crate) ends: Vec<u8>,
    pub(crate) known: Vec<CodeId>,
}

impl Batch {
    /// Number of lines.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Is it empty?
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The nth line.
    #[inline]
    pub fn line(&self, n: usize) -> Line<'_> {
        steps::take(1);
        let [text, ends, known] = self.place(n);
        let [text_end, ends_end, known_end] = self.stops[n].map(|at| at as usize);
        Line {
            head: &self.heads[n],
            known: &self.known[known..known_end],
            batch_text: &self.text,
            place: (text, text_end),
            ends: &self.ends[ends..ends_end],
        }
    }

    /// Number of lines from the nth on that are service slots of its row.
    pub(crate) fn lines_of_row(&self, n: usize) -> usize {
        let row = |head: &Head| (head.extract, head.row);
        self.heads[n..].iter().take_while(|head| row(head) == row(&self.heads[n])).count()
    }

    /// All lines, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        (0..self.len()).map(|n| self.line(n))
    }

    /// Size in memory in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes_of(0..self.len())
    }

    /// Size in memory in bytes of its buffers, whatever they hold.
    pub(crate) fn allocated(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.stops.capacity() * size_of::<[u32; 3]>()
            + self.text.capacity()
            + self.ends.capacity()
            + self.known.capacity() * size_of::<CodeId>()
    }

    /// Size in memory in bytes of some of the lines.
    pub(crate) fn bytes_of(&self, lines: Range<usize>) -> usize {
        let [from, to] = [lines.start, lines.end].map(|line| self.place(line));
        let [text, ends, known] = [0, 1, 2].map(|part| to[part] - from[part]);
        lines.len() * (size_of::<Head>() + size_of::<[u32; 3]>()) + text + ends + known * size_of::<CodeId>()
    }

    /// Is the batch full? Only whole rows are added, so it may have a few lines more than `full`.
    pub(crate) fn is_full(&self, full: usize) -> bool {
        self.len() >= full || self.bytes() >= MAX_BATCH_BYTES
    }

    /// The end of the lines of `next`, from `from`, that fill it up: all lines of the row after which it is full, or all lines.
    pub(crate) fn fill_end(&self, next: &Self, from: usize, full: usize) -> usize {
        let bytes = |end: usize| self.bytes() + next.bytes_of(from..end);
        let is_full_at = |end: usize| self.len() + end - from >= full || bytes(end) >= MAX_BATCH_BYTES;
        let (mut open, mut end) = (from, next.len());
        if !is_full_at(end) {
            return end;
        }
        // The size only grows, so the first line after which the batch is full is found by bisection.
        while end - open > 1 {
            let middle = open + (end - open) / 2;
            *(if is_full_at(middle) { &mut end } else { &mut open }) = middle;
        }
        let row = |line: usize| (next.heads[line].extract, next.heads[line].row);
        while end < next.len() && row(end) == row(end - 1) {
            end += 1;
        }
        end
    }

    /// Calls `look` for some of the lines. Where these are few, the processor cannot foresee their places and waits for each of them,
    /// so the memory of several is asked for at once.
    pub(crate) fn each_of<'b>(&'b self, lines: &[usize], mut look: impl FnMut(usize, Line<'b>)) {
        let are_few = lines.len() < self.len() / FEW;
        for some in lines.chunks(AHEAD) {
            if are_few {
                let of_head = |head: &Head| head.shape.texts ^ head.row as u32;
                black_box(some.iter().fold(0, |all, n| all ^ self.stops[*n][0] ^ of_head(&self.heads[*n])));
                black_box(some.iter().fold(0, |all, n| {
                    let [text, ends, _] = self.place(*n);
                    let byte = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or_default();
                    let text = [text, text + CACHE_LINE].map(|at| byte(self.text.as_bytes(), at));
                    all ^ text[0] ^ text[1] ^ byte(&self.ends, ends)
                }));
            }
            for n in some {
                look(*n, self.line(*n));
            }
        }
    }

    /// Where the parts of a line start in `text`, `ends` and `known`.
    fn place(&self, line: usize) -> [usize; 3] {
        line.checked_sub(1).map_or([0; 3], |before| self.stops[before].map(|at| at as usize))
    }

    /// An empty batch with room for all lines of others.
    pub(crate) fn with_room_for<'b>(others: impl Iterator<Item = &'b Self>) -> Self {
        let mut room = [0; 5];
        for other in others {
            room.iter_mut().zip(other.buffer_lengths()).for_each(|(sum, length)| *sum += length);
        }
        let mut all = Self::default();
        all.reserve(BatchRoom(room));
        all
    }

    /// Appends some lines of another batch, and adds `rows_before` lines of the file to the place of each row.
    pub fn append(&mut self, other: &Self, lines: Range<usize>, rows_before: u64) {
        let [text, ends, known] = self.lengths();
        let [first, after] = [lines.start, lines.end].map(|line| other.place(line));
        let moved = |head: &Head| Head { row: head.row + rows_before, ..head.clone() };
        self.heads.extend(other.heads[lines.clone()].iter().map(moved));
        let stop = |[t, e, k]: &[u32; 3]| {
            [t - first[0] as u32 + text, e - first[1] as u32 + ends, k - first[2] as u32 + known]
        };
        self.stops.extend(other.stops[lines].iter().map(stop));
        self.text.push_str(&other.text[first[0]..after[0]]);
        self.ends.extend_from_slice(&other.ends[first[1]..after[1]]);
        self.known.extend_from_slice(&other.known[first[2]..after[2]]);
    }

    /// Appends a line of another batch.
    pub(crate) fn push(&mut self, line: Line<'_>) {
        self.heads.push(line.head.clone());
        self.text.push_str(line.whole_text());
        self.ends.extend_from_slice(line.ends);
        self.known.extend_from_slice(line.known);
        self.stops.push([self.text.len() as u32, self.ends.len() as u32, self.known.len() as u32]);
    }

    /// The lengths of all buffers.
    fn buffer_lengths(&self) -> [usize; 5] {
        [self.heads.len(), self.stops.len(), self.text.len(), self.ends.len(), self.known.len()]
    }

    /// Room for `lines` lines of the average size of these, to be reserved by another batch or by this one.
    pub(crate) fn room_for(&self, lines: usize) -> BatchRoom {
        // An eighth more than the average, so that the buffers seldom grow again.
        let expected = |length: usize| length * lines / self.len().max(1) * 9 / 8;
        let [_, _, text, ends, known] = self.buffer_lengths().map(expected);
        BatchRoom([lines, lines, text, ends, known])
    }

    /// Lets the buffers grow to this room at once.
    pub(crate) fn reserve(&mut self, BatchRoom([heads, stops, text, ends, known]): BatchRoom) {
        grow(&mut self.heads, heads);
        grow(&mut self.stops, stops);
        grow(&mut self.ends, ends);
        grow(&mut self.known, known);
        if self.text.capacity() < text {
            let short = std::mem::replace(&mut self.text, String::with_capacity(text));
            self.text.push_str(&short);
        }
    }

    /// Drops all lines and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps only the first `lines` lines.
    pub(crate) fn truncate(&mut self, lines: usize) {
        self.heads.truncate(lines);
        self.stops.truncate(lines);
        self.drop_unfinished();
    }

    /// The lengths of `text`, `ends` and `known` up to the last finished line.
    pub(super) fn lengths(&self) -> [u32; 3] {
        self.stops.last().copied().unwrap_or_default()
    }

    pub(super) fn drop_unfinished(&mut self) {
        let [text, ends, known] = self.lengths().map(|length| length as usize);
        self.text.truncate(text);
        self.ends.truncate(ends);
        self.known.truncate(known);
    }
}

/// Moves a vector to a larger room if it needs one. `reserve` may move all of the room that it has, most of which nobody has
/// touched.
fn grow<T>(values: &mut Vec<T>, room: usize) {
    if values.capacity() < room {
        let mut short = std::mem::replace(values, Vec::with_capacity(room));
        values.append(&mut short);
    }
}

/// Lengths that the buffers of a batch are expected to reach.
#[derive(Clone, Copy)]
pub(crate) struct BatchRoom([usize; 5]);
