using System.Xml.Linq;
using Xunit;

namespace Ptorrent.Tests.Architecture;

// Goal: who may see whom stays as drawn in ARCHITECTURE.md.
// Method: read the project files. If this fails, the new reference is the thing to change; the table is changed only
// together with ARCHITECTURE.md and for a reason that stands there.
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Model"] = [],
        ["Wasm"] = ["Model"],
        ["Link"] = ["Model"],
        ["Work"] = ["Model"],
        ["Economy"] = ["Model"],
        ["Sandbox"] = ["Model", "Wasm"],
        ["Harbor"] = ["Model", "Wasm", "Link", "Work", "Economy"],
        ["Agent"] = ["Model", "Wasm", "Link", "Work", "Sandbox"],
        ["Sdk"] = ["Model"],
        ["Cli"] = ["Sdk", "Harbor", "Agent"],
    };

    private static readonly string[] Pure = ["Model", "Wasm", "Work", "Economy"];

    public static TheoryData<string> Projects =>
        new(Directory.EnumerateDirectories(RepositoryRoot.Combine("src"))
            .Select(d => Path.GetFileName(d)["Ptorrent.".Length..])
            .Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_ReferencesOnlyWhatTheTableAllows(string name)
    {
        Assert.True(Allowed.ContainsKey(name), $"Ptorrent.{name} is not in the table of allowed references.");
        IEnumerable<string> references = Load(name)
            .Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!)["Ptorrent.".Length..]);
        Assert.Empty(references.Except(Allowed[name], StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_PureDecider_IsHeldToThePureList(string name)
    {
        XDocument project = Load(name);
        bool declared = (string?)project.Descendants("Pure").SingleOrDefault() == "true";
        Assert.Equal(Pure.Contains(name, StringComparer.Ordinal), declared);
        if (declared)
        {
            Assert.Empty(project.Descendants("FrameworkReference"));
            Assert.Empty(project.Descendants("PackageReference"));
        }
    }

    private static XDocument Load(string name) =>
        XDocument.Load(RepositoryRoot.Combine("src", $"Ptorrent.{name}", $"Ptorrent.{name}.csproj"));
}
