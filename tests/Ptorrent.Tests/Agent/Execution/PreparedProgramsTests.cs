using Google.Protobuf;
using Ptorrent.Agent.Execution;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Sandbox;
using Xunit;

namespace Ptorrent.Tests.Agent.Execution;

public sealed class PreparedProgramsTests
{
    [Fact]
    public void Find_AnEqualDescription_GivesTheProgram()
    {
        PreparedPrograms prepared = new();
        SandboxProgram program = Program(100);
        prepared.Add(Description("a"), program);
        Assert.Same(program, prepared.Find(Description("a")));
        Assert.Null(prepared.Find(Description("b")));
    }

    [Fact]
    public void Add_MoreThanAreKept_ForgetsThoseUsedLongestAgo()
    {
        PreparedPrograms prepared = new();
        prepared.Add(Description("used"), Program(100));
        for (int i = 0; i < 40; i++)
        {
            prepared.Add(Description($"{i}"), Program(100));
            Assert.NotNull(prepared.Find(Description("used")));
        }

        Assert.Null(prepared.Find(Description("0")));
        Assert.NotNull(prepared.Find(Description("39")));
    }

    [Fact]
    public void Add_TooMuchCode_ForgetsTheOldestAndNeverKeepsWhatIsTooLargeAlone()
    {
        PreparedPrograms prepared = new();
        prepared.Add(Description("first"), Program(40 << 20));
        prepared.Add(Description("huge"), Program(65 << 20));
        Assert.NotNull(prepared.Find(Description("first")));
        Assert.Null(prepared.Find(Description("huge")));
        prepared.Add(Description("second"), Program(40 << 20));
        Assert.Null(prepared.Find(Description("first")));
        Assert.NotNull(prepared.Find(Description("second")));
    }

    [Fact]
    public void ForAnotherJob_OfAProgram_IsItsOwnWithTheSameCode()
    {
        SandboxProgram program = Program(100);
        SandboxProgram other = program.ForAnotherJob();
        Assert.NotSame(program, other);
        Assert.Same(program.Load, other.Load);
        Assert.Same(program.Form, other.Form);
    }

    private static JobDescription Description(string argument) => new()
    {
        Kind = (int)ProgramKind.Kernel,
        Program = ByteString.CopyFrom(new byte[32]),
        Arguments = { argument },
    };

    private static SandboxProgram Program(int codeBytes)
    {
        byte[] code = new byte[codeBytes];
        return new SandboxProgram(
            new ProgramLoad
            {
                Kind = ProgramKind.Kernel,
                Mode = RunMode.Range,
                Name = "a.wasm",
                Code = code,
                Limits = new JobLimits(),
                Seed = new byte[32],
            },
            code);
    }
}
