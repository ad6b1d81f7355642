using GatewayKit.Identity.Signatures;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>What a signature has to cover: what it does not, anybody on the way may have changed.</summary>
internal sealed class SignatureCoverage(IReadOnlyList<string> fields)
{
    public const string ContentDigestName = "content-digest", ReprDigestName = "repr-digest";

    /// <summary>Whether it covers the method, the whole target and the fields that are asked for.</summary>
    public bool IsEnough(SignatureParameters parameters)
    {
        if (!Covers(parameters, "@method")
            || !(Covers(parameters, "@target-uri") || (Covers(parameters, "@authority") && (Covers(parameters, "@request-target") || (Covers(parameters, "@path") && Covers(parameters, "@query"))))))
        {
            return false;
        }

        for (var i = 0; i < fields.Count; i++)
        {
            if (!Covers(parameters, fields[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether it covers something as a whole, not a member or a parameter of it.</summary>
    public static bool Covers(SignatureParameters parameters, string name)
    {
        foreach (var component in parameters.Components)
        {
            if (component.Name == name && component.Key is null && component.ParameterName is null && !component.OtherParameters.Any())
            {
                return true;
            }
        }

        return false;
    }
}
