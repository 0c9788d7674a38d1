using Ptorrent.Wasm.Binary;
using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Metering;

/// <summary>
/// Writes the instructions of metering. A function with loops keeps its fuel in a local and brings the global up to
/// date where somebody else may read it; one without works on the global.
/// </summary>
internal sealed class CodeEmitter(int originalGlobalCount)
{
    private const int FirstCapacity = 4_096;

    private readonly ModuleWriter _code = new(FirstCapacity);
    private readonly int _fuelGlobal = originalGlobalCount;
    private readonly int _stackGlobal = originalGlobalCount + 1;
    private ExtraLocals _extra = new();
    private int _fuelLocal;

    /// <summary>Numbers of the extra locals by use; those of one type must differ.</summary>
    private const int LengthLocal = 0, ResultLocal = 1, StackLocal = 2, FuelLocal = 0;

    public bool KeepsFuelInLocal { get; private set; }

    private int FuelIndex => KeepsFuelInLocal ? _fuelLocal : _fuelGlobal;

    public ReadOnlySpan<byte> Written => _code.Written;

    /// <summary>Where in the code stands an <c>if</c> that is hardly ever taken.</summary>
    public List<int> UnlikelyBranches { get; } = [];

    public void Reset(ExtraLocals extra, bool keepsFuelInLocal)
    {
        _code.Clear();
        UnlikelyBranches.Clear();
        _extra = extra;
        KeepsFuelInLocal = keepsFuelInLocal;
        _fuelLocal = keepsFuelInLocal ? extra.Take(WasmType.I64, FuelLocal) : -1;
    }

    public void Copy(ReadOnlySpan<byte> code) => _code.WriteBytes(code);

    public void Op(Opcode opcode)
    {
        if ((int)opcode >= 0x200)
        {
            _code.WriteByte(0xFD);
            _code.WriteU32((uint)opcode - 0x200);
            return;
        }

        _code.WriteByte((int)opcode);
    }

    public void Op(Opcode opcode, int index)
    {
        Op(opcode);
        _code.WriteU32((uint)index);
    }

    public void LocalTee(int local) => Op(Opcode.LocalTee, local);

    public void I32(int value)
    {
        Op(Opcode.I32Const);
        _code.WriteS64(value);
    }

    public void I64(long value)
    {
        Op(Opcode.I64Const);
        _code.WriteS64(value);
    }

    /// <summary>A zero of a type of floats or of vectors.</summary>
    public void Zero(WasmType type)
    {
        Op(type switch
        {
            WasmType.F32 => Opcode.F32Const,
            WasmType.F64 => Opcode.F64Const,
            _ => Opcode.V128Const,
        });
        ReadOnlySpan<byte> zeros = stackalloc byte[16];
        _code.WriteBytes(zeros[..(type == WasmType.F32 ? 4 : type == WasmType.F64 ? 8 : 16)]);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => _code.WriteBytes(bytes);

    public void OpenBlock(int blockType)
    {
        Op(Opcode.Block);
        _code.WriteS64(blockType);
    }

    /// <summary>Opens an <c>if</c> that is hardly ever taken.</summary>
    public void OpenUnlikely()
    {
        UnlikelyBranches.Add(_code.Length);
        Op(Opcode.If);
        _code.WriteS64(BlockTypes.Empty);
    }

    /// <summary>Traps where the condition on top holds, which it hardly ever does.</summary>
    public void TrapUnlikely()
    {
        OpenUnlikely();
        Op(Opcode.Unreachable);
        End();
    }

    public void End() => Op(Opcode.End);

    public void Branch(int depth) => Op(Opcode.Br, depth);

    /// <summary>Reads the fuel back from the global, where this function keeps it in a local.</summary>
    public void LoadFuel()
    {
        if (KeepsFuelInLocal)
        {
            Op(Opcode.GlobalGet, _fuelGlobal);
            Op(Opcode.LocalSet, _fuelLocal);
        }
    }

    /// <summary>Brings the global up to date.</summary>
    public void StoreFuel()
    {
        if (KeepsFuelInLocal)
        {
            Op(Opcode.LocalGet, _fuelLocal);
            Op(Opcode.GlobalSet, _fuelGlobal);
        }
    }

    public void Charge(long cost)
    {
        GetFuel();
        I64(cost);
        Op(Opcode.I64Sub);
        SetFuel();
    }

    /// <summary>Traps where the fuel is below zero, with the global up to date.</summary>
    public void CheckFuel()
    {
        GetFuel();
        I64(0);
        Op(Opcode.I64LtS);
        OpenTrap();
        StoreFuel();
        CloseTrap();
    }

    /// <summary>Charges the length on top of the operands times 2^<paramref name="shift"/>, and leaves it
    /// there.</summary>
    public void ChargeLength(int shift)
    {
        int length = _extra.Take(WasmType.I32, LengthLocal);
        LocalTee(length);
        GetFuel();
        Op(Opcode.LocalGet, length);
        if (shift < 0)
        {
            I32(-shift);
            Op(Opcode.I32ShrU);
        }

        Op(Opcode.I64ExtendI32U);
        if (shift > 0)
        {
            I64(shift);
            Op(Opcode.I64Shl);
        }

        Op(Opcode.I64Sub);
        SetFuel();
        CheckFuel();
    }

    /// <summary>After a growth: where it did not fail, charges the local times 2^<paramref name="shift"/>. Leaves the
    /// result.</summary>
    public void ChargeGrown(int grownLocal, int shift)
    {
        int result = _extra.Take(WasmType.I32, ResultLocal);
        LocalTee(result);
        Op(Opcode.LocalGet, result);
        I32(-1);
        Op(Opcode.I32Ne);
        Op(Opcode.If);
        _code.WriteS64(BlockTypes.Empty);
        GetFuel();
        Op(Opcode.LocalGet, grownLocal);
        Op(Opcode.I64ExtendI32U);
        I64(shift);
        Op(Opcode.I64Shl);
        Op(Opcode.I64Sub);
        SetFuel();
        CheckFuel();
        End();
    }

    public void TakeStack(int units)
    {
        int left = _extra.Take(WasmType.I32, StackLocal);
        Op(Opcode.GlobalGet, _stackGlobal);
        I32(units);
        Op(Opcode.I32Sub);
        LocalTee(left);
        Op(Opcode.GlobalSet, _stackGlobal);
        Op(Opcode.LocalGet, left);
        I32(0);
        Op(Opcode.I32LtS);
        OpenTrap();
        StoreFuel();
        CloseTrap();
    }

    public void GiveStack(int units)
    {
        Op(Opcode.GlobalGet, _stackGlobal);
        I32(units);
        Op(Opcode.I32Add);
        Op(Opcode.GlobalSet, _stackGlobal);
    }

    private void OpenTrap()
    {
        Op(Opcode.If);
        _code.WriteS64(BlockTypes.Empty);
    }

    private void CloseTrap()
    {
        Op(Opcode.Unreachable);
        End();
    }

    private void GetFuel() => Op(KeepsFuelInLocal ? Opcode.LocalGet : Opcode.GlobalGet, FuelIndex);

    private void SetFuel() => Op(KeepsFuelInLocal ? Opcode.LocalSet : Opcode.GlobalSet, FuelIndex);
}
