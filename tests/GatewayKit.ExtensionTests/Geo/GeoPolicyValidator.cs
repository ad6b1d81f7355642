using Microsoft.Extensions.Options;

namespace GatewayKit.ExtensionTests.Geo;

/// <summary>Checks what attributes cannot say; asked at the call in code, and for every route from configuration.</summary>
internal sealed class GeoPolicyValidator : IValidateOptions<GeoPolicy>
{
    public ValidateOptionsResult Validate(string? name, GeoPolicy options)
    {
        var wrong = options.Countries.Where(static code => code is not [>= 'A' and <= 'Z', >= 'A' and <= 'Z']).ToArray();
        return options.Countries.Count == 0 ? ValidateOptionsResult.Fail("Countries is empty; name at least one.")
            : wrong.Length > 0 ? ValidateOptionsResult.Fail(wrong.Select(static code => $"'{code}' is not a country code of two capital letters, such as SE."))
            : ValidateOptionsResult.Success;
    }
}
