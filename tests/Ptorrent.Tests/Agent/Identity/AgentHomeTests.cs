using Ptorrent.Agent;
using Ptorrent.Agent.Identity;
using Ptorrent.Model.Identity;
using Xunit;

namespace Ptorrent.Tests.Agent.Identity;

public sealed class AgentHomeTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("ptorrent-home-test-").FullName;

    private string Folder => Path.Combine(_parent, "home");

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [Fact]
    public void Open_Again_IsTheSameAgent()
    {
        AgentId id;
        using (AgentHome home = AgentHome.Open(Folder))
        {
            id = home.Id;
        }

        using AgentHome again = AgentHome.Open(Folder);

        Assert.NotEqual(0UL, id.Value);
        Assert.Equal(id, again.Id);
    }

    [Fact]
    public void Open_OnUnix_IsForItsOwnerAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes; the user's profile is his alone by inheritance.");
            return;
        }

        using AgentHome home = AgentHome.Open(Folder);

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(Folder, "agent.json")));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"id\": 5}")]
    [InlineData("{\"id\": \"agt_0000000000000\"}")]
    [InlineData("{\"id\": \"agt_")]
    public void Open_IdentityThatIsNone_SaysWhatToDo(string text)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "agent.json"), text);

        AgentException thrown = Assert.Throws<AgentException>(() => AgentHome.Open(Folder));

        Assert.Contains("agent.json", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("delete", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Twice_IsRefused()
    {
        using AgentHome home = AgentHome.Open(Folder);

        AgentException thrown = Assert.Throws<AgentException>(() => AgentHome.Open(Folder));

        Assert.Contains("Another agent", thrown.Message, StringComparison.Ordinal);
    }
}
