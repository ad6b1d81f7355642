using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;

namespace GatewayKit.Admin;

/// <summary>What descriptions of the API, such as an OpenAPI document, are made of.</summary>
internal static class AdminDescription
{
    private static readonly ParameterInfo Document = ((Action<JsonObject>)Describe).Method.GetParameters()[0];

    public static IEnumerable<object> Of(MethodInfo handler, int status)
    {
        yield return handler;
        yield return status == StatusCodes.Status204NoContent ? new ProducesResponseTypeMetadata(status) : new ProducesResponseTypeMetadata(status, typeof(JsonObject), ["application/json"]);
        yield return new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ProblemDetails), ["application/problem+json"]);
        foreach (var parameter in handler.GetParameters().Where(static one => one.ParameterType == typeof(string)))
        {
            yield return new Parameter(parameter);
        }

        if (handler.IsDefined(typeof(AdminDocumentAttribute)))
        {
            yield return new Parameter(Document);
        }
    }

    private static void Describe([FromBody] JsonObject document) => _ = document;

    private sealed class Parameter(ParameterInfo parameter) : IParameterBindingMetadata
    {
        public string Name => parameter.Name!;

        public bool HasTryParse => false;

        public bool HasBindAsync => false;

        public ParameterInfo ParameterInfo => parameter;

        public bool IsOptional => new NullabilityInfoContext().Create(parameter).ReadState is NullabilityState.Nullable;
    }
}

/// <summary>The handler reads a document from the content.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AdminDocumentAttribute : Attribute;
