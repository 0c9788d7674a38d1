using System.Buffers.Binary;
using System.Text;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Wasm.Binary;

/// <summary>
/// Reads the primitive values of the binary format (WebAssembly 2.0, section 5.2) from a window of a module. Positions
/// are those of the whole module, so that every error names its byte.
/// </summary>
internal ref struct ModuleReader
{
    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _module;
    private readonly int _end;
    private int _position;

    /// <summary>Reads bytes <paramref name="start"/> to <paramref name="end"/> - 1 of
    /// <paramref name="module"/>.</summary>
    public ModuleReader(ReadOnlySpan<byte> module, int start, int end)
    {
        _module = module;
        _position = start;
        _end = end;
    }

    public readonly int Position => _position;

    public readonly int End => _end;

    public readonly bool AtEnd => _position == _end;

    public readonly int Remaining => _end - _position;

    public static WasmException Malformed(int offset, string reason) =>
        new(RefusalCode.MalformedModule, offset, reason);

    public static WasmException Unsupported(int offset, string reason) =>
        new(RefusalCode.UnsupportedModule, offset, reason);

    public byte ReadByte()
    {
        if (_position >= _end)
        {
            throw Malformed(_position, "unexpected end");
        }

        return _module[_position++];
    }

    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (count > Remaining)
        {
            throw Malformed(_position, "unexpected end");
        }

        ReadOnlySpan<byte> bytes = _module.Slice(_position, count);
        _position += count;
        return bytes;
    }

    /// <summary>An unsigned LEB128 number of at most 32 bits.</summary>
    public uint ReadU32()
    {
        uint first = ReadByte();
        return first < 0x80 ? first : ReadLongU32(first);
    }

    /// <summary>A count or a size as an index into the module: at most <paramref name="max"/>.</summary>
    /// <exception cref="WasmException">It is larger; <paramref name="what"/> is named.</exception>
    public int ReadCount(int max, string what)
    {
        int at = _position;
        uint count = ReadU32();
        if (count > (uint)max)
        {
            throw Unsupported(at, $"{count} {what} are more than the limit of {max}");
        }

        // Each element takes at least one byte: a count that cannot be true is refused before anything is made for it.
        if (count > (uint)Remaining)
        {
            throw Malformed(at, $"{count} {what} do not fit in the bytes that are left");
        }

        return (int)count;
    }

    public int ReadS32() => unchecked((int)ReadSigned(32));

    public long ReadS33() => ReadSigned(33);

    public long ReadS64() => ReadSigned(64);

    public uint ReadFixedU32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4));

    /// <summary>A name: a byte count and strict UTF-8.</summary>
    public string ReadName()
    {
        int at = _position;
        uint length = ReadU32();
        if (length > WasmLimits.NameBytesMax)
        {
            throw Unsupported(at, $"a name of {length} bytes is longer than the limit of {WasmLimits.NameBytesMax}");
        }

        ReadOnlySpan<byte> bytes = ReadBytes((int)length);
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            throw Malformed(at, "a name is not valid UTF-8");
        }

        return StrictUtf8.GetString(bytes);
    }

    /// <summary>A reader of the same window, from another position.</summary>
    public readonly ModuleReader Back(int position) => new(_module, position, _end);

    public ModuleReader Window(int byteCount, string what)
    {
        if (byteCount > Remaining)
        {
            throw Malformed(_position, $"{what} is longer than the bytes that are left");
        }

        ModuleReader window = new(_module, _position, _position + byteCount);
        _position += byteCount;
        return window;
    }

    private uint ReadLongU32(uint first)
    {
        int at = _position - 1;
        uint result = first & 0x7F;
        for (int shift = 7; shift < 35; shift += 7)
        {
            uint next = ReadByte();
            if (shift == 28 && next > 0x0F)
            {
                throw Malformed(at, "a number is longer than 32 bits");
            }

            result |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return result;
            }
        }

        throw Malformed(at, "a number is longer than 32 bits");
    }

    private long ReadSigned(int bits)
    {
        int at = _position;
        long result = 0;
        int shift = 0;
        while (true)
        {
            byte next = ReadByte();
            int left = bits - shift;
            if (left < 7)
            {
                // In the last byte, what lies above the number's own bits must repeat the sign, and nothing may follow.
                int extended = unchecked((sbyte)(next << 1)) >> 1;
                int kept = extended << (32 - left) >> (32 - left);
                if (next >= 0x80 || kept != extended)
                {
                    throw Malformed(at, $"a number is longer than {bits} bits");
                }
            }

            result |= (long)(next & 0x7F) << shift;
            shift += 7;
            if (next < 0x80)
            {
                return shift < 64 ? result << (64 - shift) >> (64 - shift) : result;
            }

            if (shift >= bits)
            {
                throw Malformed(at, $"a number is longer than {bits} bits");
            }
        }
    }
}
