using GatewayKit.Identity.Signatures;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>A signature that a request has, not yet looked at.</summary>
/// <param name="KeyId">What it says its key is called.</param>
/// <param name="Parameters">What it covers and says of itself.</param>
/// <param name="Value">The signature.</param>
internal sealed record RequestSignature(string KeyId, SignatureParameters Parameters, byte[] Value)
{
    public const string Name = "Signature", InputName = "Signature-Input";

    /// <summary>How many a request may have.</summary>
    public const int Most = 4;

    private const int LongestField = 8_192;

    /// <summary>Reads the signatures of a request, in their order.</summary>
    /// <param name="headers">The request's.</param>
    /// <param name="label">The label of the one that is looked for; <see langword="null"/> for all.</param>
    /// <returns>Those with the id of a key; <see langword="null"/> if the fields are not well-formed, or there are too many.</returns>
    public static IReadOnlyList<RequestSignature>? Read(IHeaderDictionary headers, string? label)
    {
        var (inputs, values) = (string.Join(", ", headers[InputName].ToArray()), string.Join(", ", headers[Name].ToArray()));
        if (inputs.Length > LongestField || values.Length > LongestField
            || StructuredFieldReader.ReadDictionary(inputs) is not { Count: <= Most } members || StructuredFieldReader.ReadDictionary(values) is not { Count: <= Most } signatures)
        {
            return null;
        }

        var found = new List<RequestSignature>(members.Count);
        foreach (var (name, member) in members)
        {
            if (label is not null && name != label)
            {
                continue;
            }

            // Both of them, or none (RFC 9421 §4).
            if (signatures.FirstOrDefault(one => one.Key == name).Value is not { Value: byte[] value } || SignatureParameters.From(member) is not { } parameters)
            {
                return null;
            }

            if (parameters.KeyId is { Length: > 0 } keyId)
            {
                found.Add(new(keyId, parameters, value));
            }
        }

        return found;
    }
}
