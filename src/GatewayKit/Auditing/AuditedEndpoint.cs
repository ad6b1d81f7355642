using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;

namespace GatewayKit.Auditing;

/// <summary>What records of an endpoint have in common, made when it is built. Immutable.</summary>
internal sealed class AuditedEndpoint
{
    /// <summary>The endpoint of a request that is not at any that asks for records.</summary>
    public static readonly AuditedEndpoint None = new(new AuditPolicy { Delivery = AuditDelivery.BestEffort, Mode = PolicyMode.Shadow }, []);

    // By how many steps of the pipeline were passed.
    private byte[]?[] _allowed = [];

    /// <param name="policy">How it is recorded.</param>
    /// <param name="endpoint">The endpoint.</param>
    public AuditedEndpoint(AuditPolicy policy, GatewayEndpoint endpoint)
        : this(policy, Places(endpoint))
    {
        Names = [.. ",\"route\":\""u8, .. RecordText.ValueOf(endpoint.RouteId), .. "\""u8];
        if (endpoint.ClusterId is { } cluster)
        {
            Names = [.. Names, .. ",\"cluster\":\""u8, .. RecordText.ValueOf(cluster), .. "\""u8];
        }

        Template = policy.Path is AuditPath.Template && endpoint.Pattern is { } pattern ? [.. ",\"path\":\""u8, .. RecordText.ValueOf(pattern, AuditLines.MostPathCharacters), .. "\""u8] : null;
    }

    private AuditedEndpoint(AuditPolicy policy, IReadOnlyList<ICredentialPlaces> places)
    {
        Policy = policy;
        CredentialFields = places.SelectMany(static place => place.CredentialFields).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        CredentialQueryKeys = places.SelectMany(static place => place.CredentialQueryKeys).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        RequestHeaders = [.. policy.RequestHeaders.Where(name => !CredentialFields.Contains(name)).Select(static name => new RecordedName(name))];
        ResponseHeaders = [.. policy.ResponseHeaders.Select(static name => new RecordedName(name))];
        QueryKeys = [.. policy.QueryKeys.Where(key => !CredentialQueryKeys.Contains(key)).Select(static name => new RecordedName(name))];
        Bodies = policy.Body is { } body ? new(body) : null;
    }

    /// <summary>How it is recorded.</summary>
    public AuditPolicy Policy { get; }

    /// <summary>Which bodies are recorded; <see langword="null"/> if none are.</summary>
    public RecordedBodies? Bodies { get; }

    /// <summary>Route and cluster as members of a record.</summary>
    public byte[] Names { get; } = [];

    /// <summary>The path as a member of a record; <see langword="null"/> if that of the request is recorded.</summary>
    public byte[]? Template { get; }

    /// <summary>The fields in which a policy of the endpoint looks for credentials, whether or not it comes to look.</summary>
    public FrozenSet<string> CredentialFields { get; }

    /// <summary>The same in the query.</summary>
    public FrozenSet<string> CredentialQueryKeys { get; }

    /// <summary>The fields of requests that are recorded.</summary>
    public RecordedName[] RequestHeaders { get; }

    /// <summary>The fields of answers that are recorded.</summary>
    public RecordedName[] ResponseHeaders { get; }

    /// <summary>The keys of the query whose values are recorded.</summary>
    public RecordedName[] QueryKeys { get; }

    /// <summary>Whether a line of it can have a personal part, for which it takes a key.</summary>
    public bool CanSeal(PersonalData personal) =>
        personal.Seals(PersonalField.Consumer) || personal.Seals(PersonalField.Address) || personal.Seals(PersonalField.UserAgent)
        || (personal.Seals(PersonalField.Headers) && RequestHeaders.Length + ResponseHeaders.Length > 0)
        || (personal.Seals(PersonalField.Query) && QueryKeys.Length > 0)
        || Bodies is not null;

    /// <summary>What the first policies of a pipeline decided, as a member of a record, if each of them let the request through.</summary>
    /// <param name="pipeline">The pipeline, always the same.</param>
    /// <param name="passed">How many of them there are.</param>
    public ReadOnlySpan<byte> Allowed(GatewayPipeline pipeline, int passed)
    {
        // Whoever comes second makes the same again.
        var known = Volatile.Read(ref _allowed);
        if (known.Length != pipeline.Steps.Count + 1)
        {
            Volatile.Write(ref _allowed, known = new byte[]?[pipeline.Steps.Count + 1]);
        }

        return known[passed] ??= Describe(pipeline.Steps.Take(passed));
    }

    // A candidate looks at the same requests.
    private static ICredentialPlaces[] Places(GatewayEndpoint endpoint) =>
        [.. endpoint.Policies.SelectMany(static policy => (IGatewayPolicy?[])[policy, policy.Candidate]).OfType<ICredentialPlaces>()];

    private static byte[] Describe(IEnumerable<GatewayPipelineStep> steps)
    {
        var names = steps.Where(static step => step.Policy is not AuditPolicy).Select(static step => $"{{\"p\":{Quote(step.Name)},\"o\":\"allow\"}}");
        var list = string.Join(',', names);
        return list.Length == 0 ? [] : Encoding.ASCII.GetBytes($",\"dec\":[{list}]");
    }

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
