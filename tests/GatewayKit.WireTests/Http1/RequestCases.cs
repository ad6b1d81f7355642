using System.Collections.Frozen;
using System.Text.RegularExpressions;
using GatewayKit.WireTests.Http1.Cases;

namespace GatewayKit.WireTests.Http1;

/// <summary>All request cases: by table, and by id.</summary>
internal static class RequestCases
{
    public static IReadOnlyDictionary<string, IReadOnlyList<RequestCase>> Tables { get; } = new Dictionary<string, IReadOnlyList<RequestCase>>
    {
        ["target"] = TargetCases.All,
        ["method"] = MethodCases.All,
        ["connection"] = ConnectionCases.All,
        ["host"] = HostCases.All,
        ["field"] = FieldCases.All,
        ["length"] = LengthCases.All,
        ["chunk"] = ChunkCases.All,
        ["line"] = LineCases.All,
        ["expect"] = ExpectCases.All,
        ["limit"] = LimitCases.All,
        ["server"] = ServerCases.All,
    };

    /// <summary>The cases by table and name; two of one name are an error.</summary>
    public static FrozenDictionary<string, RequestCase> All { get; } = Tables
        .SelectMany(static table => table.Value.Select(request => request with { Id = $"{table.Key}: {request.Id}" }))
        .ToDictionary(static request => request.Id)
        .ToFrozenDictionary();

    /// <summary>The ids that <c>GATEWAYKIT_WIRE_CASES</c> (a regular expression) picks; without it, all.</summary>
    public static IEnumerable<string> Chosen =>
        Environment.GetEnvironmentVariable("GATEWAYKIT_WIRE_CASES") is { Length: > 0 } pattern ? All.Keys.Where(id => Regex.IsMatch(id, pattern)) : All.Keys;
}
