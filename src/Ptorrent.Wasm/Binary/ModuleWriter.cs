using System.Buffers.Binary;

namespace Ptorrent.Wasm.Binary;

/// <summary>A growing array of bytes with the binary format's primitives. Numbers are written in their shortest
/// form.</summary>
internal sealed class ModuleWriter(int capacity)
{
    private byte[] _bytes = new byte[Math.Max(capacity, 16)];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void WriteByte(int value)
    {
        if (Length == _bytes.Length)
        {
            Grow(1);
        }

        _bytes[Length++] = unchecked((byte)value);
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytes.Length - Length)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void WriteU32(uint value)
    {
        while (value >= 0x80)
        {
            WriteByte((int)(value & 0x7F) | 0x80);
            value >>= 7;
        }

        WriteByte((int)value);
    }

    public void WriteS64(long value)
    {
        while (value is < -64 or > 63)
        {
            WriteByte((int)(value & 0x7F) | 0x80);
            value >>= 7;
        }

        WriteByte((int)(value & 0x7F));
    }

    public void WriteFixedU32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        WriteBytes(bytes);
    }

    public void WriteFixedU64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        WriteBytes(bytes);
    }

    /// <summary>A name that is ASCII.</summary>
    public void WriteName(string name)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(name);
        WriteU32((uint)bytes.Length);
        WriteBytes(bytes);
    }

    public byte[] ToArray() => Written.ToArray();

    private void Grow(int needed)
    {
        long doubled = Math.Max((long)Length + needed, (long)_bytes.Length * 2);
        Array.Resize(ref _bytes, (int)Math.Min(doubled, Array.MaxLength));
    }
}
