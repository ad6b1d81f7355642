using System.Text;
using System.Text.Json;

namespace GatewayKit.Auditing.Records;

/// <summary>The name of a field or query key whose value is recorded, and how a record has it.</summary>
/// <param name="name">The name.</param>
internal sealed class RecordedName(string name)
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;

    /// <summary>The name in lower case as the key of a member that is the first of its object, or another one with a comma in front.</summary>
    public byte[] First { get; } = Encoding.ASCII.GetBytes($"\"{JsonEncodedText.Encode(name.ToLowerInvariant())}\":");

    /// <summary>The same behind another member.</summary>
    public byte[] Next { get; } = Encoding.ASCII.GetBytes($",\"{JsonEncodedText.Encode(name.ToLowerInvariant())}\":");
}
